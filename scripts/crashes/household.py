"""The processes of a lane. A lane is the first process of its own PID namespace: whatever its
programs start and leave behind becomes its child, is ended with one call, and can't outlive it."""

from __future__ import annotations

import os
import select
import signal
import time
from dataclasses import dataclass

from .processes import CrashError


@dataclass
class Ended:
    # As os.waitstatus_to_exitcode; None for one that did not end in time.
    status: int | None
    said: str


class Household:
    def __init__(self, folder: str) -> None:
        if os.getpid() != 1:
            raise CrashError("a lane must be the first process of a PID namespace")
        self._output = f"{folder}/output"

    def start(self, words: list[str]) -> int:
        """Starts a program in a session of its own; its output goes to a file."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        return os.posix_spawnp(
            words[0], words, {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}, setsid=True,
            setsigdef=[signal.SIGPIPE], file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, self._output, flags, 0o644),
                (os.POSIX_SPAWN_DUP2, 1, 2)])

    def run(self, words: list[str], seconds: float) -> Ended:
        """Runs a program to its end, or kills it with all that it started."""
        return self.wait(self.start(words), seconds)

    def wait(self, pid: int, seconds: float) -> Ended:
        watch = os.pidfd_open(pid)
        try:
            poll = select.poll()
            poll.register(watch, select.POLLIN)
            is_over = bool(poll.poll(seconds * 1_000))
        finally:
            os.close(watch)
        if not is_over:
            self.end_all()
            return Ended(None, self.said())
        _, status = os.waitpid(pid, 0)
        self.end_all()
        return Ended(os.waitstatus_to_exitcode(status), self.said())

    def said(self) -> str:
        with open(self._output, errors="replace") as file:
            return file.read()

    def end_all(self) -> None:
        """Ends everything in the lane but itself, and comes back when nothing is left."""
        end = time.monotonic() + 20
        while time.monotonic() < end:
            try:
                os.kill(-1, signal.SIGKILL)
            except ProcessLookupError:
                pass
            try:
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
                time.sleep(0.001)
            except ChildProcessError:
                return
        raise CrashError("something in the lane does not die")
