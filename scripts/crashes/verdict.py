"""What is asked of a device after something happened to it."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from .courses import NOWHERE, Course, References
from .device import Device
from .household import Ended
from .scenario import WANTS
from .tree import differences


class Next(enum.Enum):
    """How the device goes on after something happened to it."""

    # The whole machine starts: nothing runs, `recover` comes first, then what is enabled.
    BOOT = enum.auto()
    # Its `recover` has ended, well or not, and the boot goes on.
    BOOT_GOES_ON = enum.auto()
    # Only the agent is started again.
    RESTART = enum.auto()


@dataclass
class Verdict:
    fired: bool = True
    # Where it fired, the clean run had made the same call.
    is_exact: bool = True
    # A mixture, something beside it, or a status that says something else than what stands there.
    torn: list[str] = field(default_factory=list)
    # No way on without a person.
    stuck: list[str] = field(default_factory=list)
    # The edition that stood there after the first recovery.
    edition: str = ""
    seconds: float = 0.0

    @property
    def is_well(self) -> bool:
        return self.fired and not self.torn and not self.stuck


# What units and hooks change is put right by the agent, later.
_OF_UNITS = ("/run", WANTS, "/var/lib/hooks")


class Judge:
    def __init__(self, device: Device, references: References) -> None:
        self._device = device
        self._references = references

    def judge(self, course: Course, goes_on: Next) -> Verdict:
        """Starts the device again, first without its server, then with it."""
        verdict = Verdict()
        self._device.look_at(NOWHERE)
        if goes_on is Next.BOOT:
            self._device.lose_memory()
            self._early_boot(verdict)
        if goes_on is not Next.RESTART:
            self._device.start_units()
        self._first_recovery(course, verdict)
        if not verdict.stuck:
            self._next_sync(course, verdict)
        return verdict

    def _early_boot(self, verdict: Verdict) -> None:
        """`recover` makes the files whole; units and the gate are the agent's."""
        ended = self._device.command("recover")
        if ended.status != 0:
            verdict.stuck.append(f"recover {told(ended)}")
            return
        edition = self._edition(self._device.status())
        wanted = self._references.pictures.get(edition, {})
        verdict.torn += [
            f"after recover, as {edition or 'neither'}: {line}"
            for line in differences(self._device.picture(), wanted)
            if not line.startswith(_OF_UNITS)]

    def _first_recovery(self, course: Course, verdict: Verdict) -> None:
        ended = self._device.command("sync")
        if ended.status not in [0, 1]:
            verdict.stuck.append(f"the first sync {told(ended)}")
            return
        status = self._device.status()
        verdict.edition = self._edition(status)
        if status.get("phase") != "idle" or not status.get("confirmed"):
            verdict.stuck.append(f"after the first sync: {shown(status)}")
        if verdict.edition not in course.editions:
            verdict.torn.append(f"status names a wrong release: {shown(status)}")
            return
        self._compare(verdict.edition, "after the first recovery", verdict)
        verdict.torn += [f"after the first recovery: {path}" for path in self._device.unfinished()]

    def _next_sync(self, course: Course, verdict: Verdict) -> None:
        self._device.look_at(course.last_url)
        ended = self._device.command("sync")
        status = self._device.status()
        if ended.status != 0 or not status.get("confirmed"):
            verdict.stuck.append(f"the next sync {told(ended)}; {shown(status)}")
        elif status.get("revision") != course.last_release:
            verdict.stuck.append(f"the next sync did not reach the release: {shown(status)}")
        else:
            self._compare(
                self._references.editions[course.last_release], "after the next sync", verdict)
            verdict.torn += [f"left over for ever: {path}" for path in self._device.leftovers()]

    def _compare(self, edition: str, when: str, verdict: Verdict) -> None:
        lines = differences(self._device.picture(), self._references.pictures[edition])
        verdict.torn += [f"{when}, as {edition}: {line}" for line in lines]

    def _edition(self, status: dict[str, object]) -> str:
        return self._references.editions.get(str(status.get("generationRevision")), "")


def told(ended: Ended) -> str:
    lines = " | ".join(ended.said.strip().splitlines()[-4:])
    if ended.status is None:
        return f"did not end in time: {lines}"
    return f"ended with {ended.status}: {lines}"


def shown(status: dict[str, object]) -> str:
    names = ["phase", "generation", "confirmed", "generationRevision", "problem"]
    return ", ".join(f"{name} {status.get(name)}" for name in names)
