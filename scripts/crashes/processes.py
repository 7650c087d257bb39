"""Programs that are run to their end."""

from __future__ import annotations

import os
import subprocess


class CrashError(Exception):
    """The harness itself can't go on; its text is for people."""


def run(
    *words: str, environment: dict[str, str] | None = None, seconds: float = 60.0
) -> str:
    """Runs a program and gives what it printed; an exit status that is not 0 is an error."""
    settings = {
        "PATH": os.environ.get("PATH", ""), "HOME": "/nonexistent", "LC_ALL": "C",
        "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1",
    } | (environment or {})
    try:
        outcome = subprocess.run(
            words, capture_output=True, text=True, timeout=seconds, env=settings)
    except subprocess.TimeoutExpired:
        raise CrashError(f"`{' '.join(words)}` did not end within {seconds:.0f} s") from None
    if outcome.returncode != 0:
        said = (outcome.stderr or outcome.stdout).strip()
        raise CrashError(f"`{' '.join(words)}` ended with {outcome.returncode}: {said}")
    return outcome.stdout
