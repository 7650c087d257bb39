"""`python3 -m crashes.lane FOLDER PROGRAMS`: one of several that work side by side. It takes orders
on its standard input and answers on its standard output, both pickled.

A lane has its own mounts and its own process ids: what it mounts and starts ends with it, however it
ends."""

from __future__ import annotations

import os
import pickle
import sys
import traceback

from . import workshop
from .processes import CrashError, run


def enter(folder: str) -> None:
    """Gives the lane a file system in memory, where a thousand copies of a device cost nothing."""
    os.makedirs(folder, exist_ok=True)
    run("mount", "-t", "tmpfs", "-o", "mode=755,size=3g", "crash", folder)


def main(folder: str, programs: str) -> None:
    enter(folder)
    bench = workshop.Workshop(folder, programs)
    answers = os.fdopen(os.dup(1), "wb")
    # Whatever prints must not mix with the answers.
    os.dup2(2, 1)
    while True:
        try:
            order, arguments = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        try:
            answer = getattr(bench, order)(*arguments)
        except (CrashError, OSError) as error:
            answer = CrashError(f"{order}: {error}")
        except Exception:
            answer = CrashError(traceback.format_exc())
        pickle.dump(answer, answers)
        answers.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
