"""The lanes as they are seen from outside."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from typing import Any

from .processes import CrashError, run

_SCRIPTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


_NAMESPACES = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]


def obstacle() -> str:
    """Why this machine can't have lanes; empty where it can."""
    for words in [[*_NAMESPACES, "true"], ["strace", "-o", "/dev/null", "true"]]:
        try:
            run(*words)
        except (CrashError, OSError) as error:
            return str(error)
    return ""


class Lane:
    """A context: the lane ends with it, and with this process, whatever ends that."""

    def __init__(self, folder: str, programs: str) -> None:
        self.folder = folder
        self._process = subprocess.Popen(
            [*_NAMESPACES, "--propagation", "private", sys.executable, "-m", "crashes.lane", folder,
             programs],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": _SCRIPTS, "PYTHONDONTWRITEBYTECODE": "1"})

    def ask(self, order: str, *arguments: Any) -> Any:
        assert self._process.stdin and self._process.stdout
        try:
            pickle.dump((order, arguments), self._process.stdin)
            self._process.stdin.flush()
            answer = pickle.load(self._process.stdout)
        except (EOFError, BrokenPipeError):
            raise CrashError(f"the lane {self.folder} has ended") from None
        if isinstance(answer, CrashError):
            raise answer
        return answer

    def __enter__(self) -> Lane:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.stdin:
            self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            # `--kill-child` takes the lane with it, and the lane its mounts and processes.
            self._process.kill()
            self._process.wait()
