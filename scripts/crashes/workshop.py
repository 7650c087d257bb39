"""What a lane can be asked for: to prepare devices, to look at a clean run, and to try a point."""

from __future__ import annotations

import os
import re
import shutil
import time
import zlib
from typing import Callable

from . import errors, points
from .courses import Course, References
from .device import PATIENCE, Device
from .household import Household
from .points import Point
from .power import Disk, obstacle
from .processes import CrashError, run
from .programs import Programs
from .strike import Striker, Struck
from .tree import Picture
from .verdict import Judge, Next, Verdict


# To meet a point at the very call that the clean run made.
TRIES = 4


class Workshop:
    def __init__(self, folder: str, programs: str) -> None:
        self._folder = folder
        self._programs = Programs(folder, programs)
        run("mount", "--bind", f"{folder}/sbin", Programs.bound)
        self._household = Household(folder)
        self._striker = Striker(self._programs, self._household)
        self._device = Device(self._programs, self._household)
        self._judge: Judge | None = None
        self._references: References | None = None

    # Preparing.

    def install(self, anchor: str, url: str, snapshot: str) -> Picture:
        """A new device with its first release, kept as `snapshot`; gives its picture."""
        self._programs.reset()
        self._device.remove()
        os.makedirs(self._device.root)
        self._device.install(anchor)
        self._device.look_at(url)
        ended = self._device.command("sync")
        if ended.status != 0:
            raise CrashError(f"the first sync ended with {ended.status}: {ended.said}")
        self._device.edit()
        self._device.keep_as(snapshot)
        return self._device.picture()

    def undisturbed(self, course: Course) -> tuple[Picture, dict[str, object], list[str]]:
        """What a clean run comes to: the picture, what status says, and what is left over."""
        self._begin(course)
        ended = self._device.command(*course.words)
        if ended.status not in [0, 1]:
            raise CrashError(f"{course.name} ended with {ended.status}: {ended.said}")
        return self._device.picture(), self._device.status(), self._device.leftovers()

    def know(self, references: References) -> None:
        self._references = references
        self._judge = Judge(self._device, references)

    # Looking.

    def enumerate(self, course: Course) -> list[Point]:
        """All points of a course, in the order in which one clean run comes to them."""
        self._begin(course)
        logs = f"{self._folder}/logs"
        shutil.rmtree(logs, ignore_errors=True)
        os.makedirs(logs)
        self._programs.take_over("any", points.tracing(f"{logs}/$role.$number"))
        words = points.tracing(f"{logs}/agent.1") + self._device.agent_words(*course.words)
        agent = self._household.start(words)
        ended = self._household.wait(agent, PATIENCE)
        if ended.status not in [0, 1]:
            raise CrashError(f"{course.name} ended with {ended.status}: {ended.said}")
        found: list[Point] = []
        for name in sorted(os.listdir(logs)):
            role, number = name.rsplit(".", 1)
            with open(f"{logs}/{name}", errors="replace") as file:
                found += points.read(
                    file.read(), course.name, role, int(number), self._device.root)
        return sorted(found, key=lambda point: point.moment)

    # Trying.

    def death(self, course: Course, point: Point) -> Verdict:
        """Death at a point, and what comes of it."""
        began = time.monotonic()
        struck = self._strike(
            course, lambda words: self._striker.kill(words, point))
        if not struck.fired:
            return Verdict(fired=False)
        goes_on = Next.BOOT if course.is_boot else _next(point)
        return self._judged(course, struck, began, goes_on)

    def failure(self, course: Course, point: Point, error: str) -> Verdict:
        """A call that fails once, and what comes of it."""
        began = time.monotonic()
        struck = self._strike(
            course, lambda words: self._striker.fail(words, point, error))
        if not struck.fired:
            return Verdict(fired=False)
        first = errors.after_failure(
            self._device, self._known_references(), course, struck, error)
        goes_on = Next.BOOT_GOES_ON if course.is_boot else _next(point)
        verdict = self._judged(course, struck, began, goes_on)
        verdict.torn = first.torn + verdict.torn
        verdict.stuck = first.stuck + verdict.stuck
        return verdict

    def cut(
        self, course: Course, point: Point, file_system: str, is_confirmed: bool
    ) -> Verdict:
        """A power cut at a point. `is_confirmed`: what the course aims at was confirmed before."""
        began = time.monotonic()
        image = f"{self._folder}/disk"
        self._device.remove()
        self._programs.reset()
        run("cp", "--sparse=always", self._master(course, file_system), image)
        with Disk(image, self._device.root) as disk:
            self._device.look_at(course.url)
            disk.settle()
            struck = self._striker.kill(
                self._device.agent_words(*course.words), point, then=disk.cut)
            disk.unmount()
            if not struck.fired:
                return Verdict(fired=False)
            disk.mount()
            verdict = self._after_power(course, is_confirmed)
        # Every file system lists a folder in its own order, so the same call may be another one.
        verdict.seconds = time.monotonic() - began
        return verdict

    def _strike(self, course: Course, strike: Callable[[list[str]], Struck]) -> Struck:
        """A run is rarely not the clean one: a control group that is not empty yet is asked again,
        and all calls after that have other numbers."""
        for _ in range(TRIES):
            self._begin(course)
            struck = strike(self._device.agent_words(*course.words))
            if struck.is_exact:
                break
        return struck

    def _judged(self, course: Course, struck: Struck, began: float, goes_on: Next) -> Verdict:
        verdict = self._known_judge().judge(course, goes_on)
        verdict.is_exact = struck.is_exact
        verdict.seconds = time.monotonic() - began
        return verdict

    def _after_power(self, course: Course, is_confirmed: bool) -> Verdict:
        lost = is_confirmed and not self._device.confirms(course.aims_at, self._known_references())
        verdict = self._known_judge().judge(course, Next.BOOT)
        if lost:
            verdict.torn.append(f"{course.aims_at} was confirmed before the cut, and is not any more")
        return verdict

    def _master(self, course: Course, file_system: str) -> str:
        """An image with the device as it is before the course, made once."""
        image = f"{self._folder}/{file_system}-{os.path.basename(course.start)}"
        if not os.path.exists(image):
            self._device.remove()
            Disk.make(file_system, image)
            with Disk(image, self._device.root):
                run("cp", "-a", f"{course.start}/.", self._device.root)
        return image

    def power_obstacle(self) -> str:
        return obstacle(self._folder)

    def corpse(self, course: Course, point: Point, snapshot: str) -> str:
        """A device that died at a point, kept as `snapshot`; gives what its journal says."""
        if not self._strike(course, lambda words: self._striker.kill(words, point)).fired:
            raise CrashError(f"{point} did not fire")
        self._device.keep_as(snapshot)
        return self.journal()

    def journal(self) -> str:
        """The journal's state in a few words: no journal, or purpose, phase and whether `current`
        has moved."""
        try:
            with open(f"{self._device.root}/var/lib/flotilla/journal.json") as file:
                text = file.read()
        except FileNotFoundError:
            return ""
        words = [
            found[1] if (found := re.search(rf'"{name}": "?(\w+)', text)) else "?"
            for name in ["purpose", "phase", "to"]]
        current = os.readlink(f"{self._device.root}/var/lib/flotilla/current")
        has_moved = os.path.basename(current) == words[2]
        return f"{words[0]}-{words[1]}{'-moved' if has_moved else ''}"

    def _begin(self, course: Course) -> None:
        self._programs.reset()
        self._device.copy_of(course.start)
        self._device.look_at(course.url)
        if course.is_boot:
            self._device.lose_memory()

    def _known_references(self) -> References:
        if self._references is None:
            raise CrashError("nobody said what a device should be")
        return self._references

    def _known_judge(self) -> Judge:
        if self._judge is None:
            raise CrashError("nobody said what a device should be")
        return self._judge


def _next(point: Point) -> Next:
    """Every second device is switched off and on; it is always the same ones."""
    return Next.BOOT if zlib.crc32(point.name.encode()) % 2 else Next.RESTART
