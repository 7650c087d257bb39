"""Programs that run beside a measurement, each ended by the id it was started with."""

import os
import signal
import subprocess
import time


class BenchError(Exception):
    """A measurement could not be made; its text is for people."""


def run(*words, timeout=60, cwd=None):
    """Runs a program to its end and gives what it printed; an exit status that is not 0 is an
    error."""
    outcome = attempt(*words, timeout=timeout, cwd=cwd)
    if outcome.returncode != 0:
        said = (outcome.stderr or outcome.stdout).strip()
        raise BenchError(f"`{' '.join(words)}` ended with {outcome.returncode}: {said}")
    return outcome.stdout


def attempt(*words, timeout=60, cwd=None):
    """The same where a failure is an answer."""
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": "/nonexistent", "LC_ALL": "C"}
    # A developer's own Git configuration must not change what is measured.
    environment |= {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
    try:
        return subprocess.run(
            words, capture_output=True, text=True, timeout=timeout, cwd=cwd, env=environment)
    except subprocess.TimeoutExpired:
        raise BenchError(f"`{' '.join(words)}` did not end within {timeout} s") from None


def wait_until(what, is_so, seconds=30.0, pause=0.05):
    """Looks until something is so, and gives it; what takes longer can't be measured."""
    end = time.monotonic() + seconds
    while True:
        found = is_so()
        if found:
            return found
        if time.monotonic() >= end:
            raise BenchError(f"after {seconds:.0f} s still not so: {what}")
        time.sleep(pause)


class Background:
    """A program in the background with its output in a file."""

    def __init__(self, name, words, log):
        self.name = name
        self.log = log
        with open(log, "ab") as output:
            self.process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=output, stderr=output)

    @property
    def pid(self):
        return self.process.pid

    @property
    def runs(self):
        return self.process.poll() is None

    def last_words(self):
        with open(self.log, errors="replace") as file:
            return " / ".join(file.read().splitlines()[-3:])

    def end(self):
        """Asks it to end. One that does not is killed; nothing of a measurement may stay."""
        if not self.runs:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(15)
