"""What was shown: each check has a name, and says whether it held."""

import contextlib
import sys
import time

from .commands import Failed


class Checks:
    def __init__(self):
        self.held = 0
        self.failed = []
        self.skipped = []

    @contextlib.contextmanager
    def named(self, name):
        """A check holds when its body comes to its end; what fails does not keep others from being
        tried."""
        begin = time.monotonic()
        try:
            yield
        except (Failed, OSError, ValueError, LookupError) as reason:
            self.failed.append(name)
            self._say("failed", name, begin, f": {reason or type(reason).__name__}")
        else:
            self.held += 1
            self._say("ok", name, begin)

    def skip(self, name, reason):
        self.skipped.append(name)
        print(f"skipped: {name}: {reason}", flush=True)

    def _say(self, verdict, name, begin, more=""):
        print(f"{verdict:7} {name}  ({time.monotonic() - begin:.1f} s){more}", flush=True)

    def close(self):
        """The last line, and the exit status."""
        count = self.held + len(self.failed)
        skipped = f", {len(self.skipped)} skipped" if self.skipped else ""
        print(f"test-systemd: {self.held} of {count} checks held{skipped}")
        sys.stdout.flush()
        return 1 if self.failed or not count else 0


def expect(holds, otherwise):
    if not holds:
        raise Failed(otherwise)
