"""Programs of this machine, and waiting for what they do."""

import os
import subprocess
import time


class Failed(Exception):
    """Something is not as it should be; its text is for people."""


class Skipped(Exception):
    """This machine can't show anything, for a reason that has nothing to do with Flotilla."""


ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
    "HOME": "/root",
    # Nobody's own Git configuration.
    "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1",
}


def attempt(*words, timeout=60, stdin=None, cwd=None, environment=None):
    """Runs a program to its end; a failure is an answer too."""
    try:
        return subprocess.run(
            words, capture_output=True, text=True, timeout=timeout, cwd=cwd, input=stdin,
            env=ENVIRONMENT | (environment or {}))
    except subprocess.TimeoutExpired:
        raise Failed(f"`{' '.join(words)}` did not end within {timeout} s") from None


def run(*words, **options):
    """Runs a program to its end and gives what it printed; a failure is an error."""
    outcome = attempt(*words, **options)
    if outcome.returncode != 0:
        said = " / ".join((outcome.stderr or outcome.stdout).strip().splitlines()[-4:])
        raise Failed(f"`{' '.join(words)}` ended with {outcome.returncode}: {said}")
    return outcome.stdout


def wait_until(what, is_so, seconds=30.0, pause=0.05):
    """Looks until something is so, and gives it."""
    end = time.monotonic() + seconds
    while True:
        found = is_so()
        if found:
            return found
        if time.monotonic() >= end:
            raise Failed(f"after {seconds:.0f} s still not so: {what}")
        time.sleep(pause)


def passed_on(name):
    """A variable of the caller, for programs that fetch from the network."""
    return {name: os.environ[name]} if name in os.environ else {}
