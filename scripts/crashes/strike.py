"""Lets something happen at a point: the caller dies there and everything else at once with it, or
its call fails."""

from __future__ import annotations

import os
import re
import select
import time
from dataclasses import dataclass
from typing import Callable

from .device import PATIENCE
from .household import Household
from .points import Point, plain, striking
from .programs import Programs


@dataclass
class Struck:
    """What came of it."""

    # It happened.
    fired: bool
    # It did at the call that the clean run made: a folder's order may be another one.
    is_exact: bool
    # The agent's exit status; None where it was killed or did not end in time.
    status: int | None
    is_overdue: bool
    said: str


class Striker:
    def __init__(self, programs: Programs, household: Household) -> None:
        self._programs = programs
        self._household = household
        self._log = f"{programs.lane}/trace"
        os.mkfifo(self._log)

    def kill(
        self, words: list[str], point: Point, then: Callable[[], None] | None = None
    ) -> Struck:
        """The caller is killed before the call has an effect. Whoever started it stands still
        already, so nothing reacts before all of it is killed; `then` happens in between."""
        return self._strike(words, point, "signal=KILL", is_death=True, then=then)

    def fail(self, words: list[str], point: Point, error: str) -> Struck:
        return self._strike(words, point, f"error={error}", is_death=False)

    def _strike(
        self, words: list[str], point: Point, action: str, is_death: bool,
        then: Callable[[], None] | None = None
    ) -> Struck:
        self._programs.reset()
        strace = striking(self._log, point, action)
        if point.role == "agent":
            words = [*strace, *words]
        else:
            self._programs.take_over(
                f"{point.role}.{point.run}", strace, freezes=is_death)
        reader = os.open(self._log, os.O_RDONLY | os.O_NONBLOCK)
        try:
            agent = self._household.start(words)
            text, is_overdue = self._follow(reader, agent, until_agent_ends=not is_death)
        finally:
            os.close(reader)
        if then:
            then()
        said = self._household.said()
        if is_death or is_overdue:
            self._household.end_all()
            return Struck(*_met(text, point, self._programs.root), None, is_overdue, said)
        ended = self._household.wait(agent, PATIENCE)
        return Struck(
            *_met(text, point, self._programs.root), ended.status, ended.status is None, ended.said)

    def _follow(self, reader: int, agent: int, until_agent_ends: bool) -> tuple[str, bool]:
        """Reads what strace writes until it ends, and waits for the agent where that is wanted.

        Returns what it wrote, and whether the time was up."""
        text = b""
        watch = os.pidfd_open(agent)
        poll = select.poll()
        poll.register(reader, select.POLLIN)
        poll.register(watch, select.POLLIN)
        agent_runs, strace_ended = True, False
        end = time.monotonic() + PATIENCE
        try:
            while not strace_ended or until_agent_ends and agent_runs:
                events = poll.poll(max(0.0, end - time.monotonic()) * 1_000)
                if not events:
                    break
                for descriptor, _ in events:
                    if descriptor == watch:
                        agent_runs = False
                        poll.unregister(watch)
                        # What it was to trace never began, or is about to end.
                        end = min(end, time.monotonic() + (5 if text else 0.5))
                        continue
                    read = os.read(reader, 1 << 16)
                    text += read
                    if not read:
                        strace_ended = True
                        poll.unregister(reader)
        finally:
            os.close(watch)
        return text.decode(errors="replace"), agent_runs and not strace_ended


_CALL = re.compile(r"^\d+\.\d+ \w+\((.*)$", re.MULTILINE)


def _met(text: str, point: Point, root: str) -> tuple[bool, bool]:
    """Whether it happened, and at the call of the clean run; numbers in its arguments may differ."""
    if "+++ killed by SIGKILL" not in text and "(INJECTED)" not in text:
        return False, False
    lines = text.splitlines()
    marked = [line for line in lines if "(INJECTED)" in line] or [
        line for line in lines if _CALL.match(line)]
    found = _CALL.match(marked[-1]) if marked else None
    return True, found is not None and _alike(plain(found[1], root)) == _alike(point.about)


def _alike(about: str) -> str:
    """The names in it: what is written differs by times."""
    names = re.findall(r"<[^>]*>", about) or re.findall(r'"[^"]*"', about)
    return re.sub(r"[0-9a-f]{8,}|\d+", "#", " ".join(names))
