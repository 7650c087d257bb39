"""`python3 -m systemdtests PACKAGE CUTS [NAME...]`: shows what the agent's package does under a
real systemd, with so many power cuts; all parts without a name. Called by scripts/test-systemd."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from . import debian
from .boots import Boots
from .checks import Checks
from .commands import Failed, Skipped
from .debian import Image
from .machine import Machine
from .power import PowerCuts
from .pristine import Pristine
from .stories import Stories


# Each on a machine of its own.
PARTS = {"stories": Stories, "boots": Boots, "pristine": Pristine, "power": PowerCuts}


def main(package, cuts, names):
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        print(f"no such part: {unknown[0]}; there are {', '.join(PARTS)}", file=sys.stderr)
        return 2
    # Machines are ended on the way out, so a signal must lead there.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    begin = time.monotonic()
    # Images of file systems are large, and memory may be what is below /tmp.
    place = os.environ.get("TMPDIR") or "/var/tmp"
    folder = tempfile.mkdtemp(prefix="flotilla-systemd-", dir=place)
    try:
        image = prepare(folder)
        checks = Checks()
        print(f"a Debian root is ready after {time.monotonic() - begin:.0f} s", flush=True)
        for name in names or PARTS:
            with Machine(name, image.copy(f"{folder}/{name}.img"), folder) as machine:
                part = PARTS[name](checks, machine, package, cuts)
                tell(checks, f"the rest of `{name}`", part.tell)
        return checks.close()
    except Skipped as reason:
        print(f"skipped: {reason}")
        return 0
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def prepare(folder):
    """A root that boots here; where it does not, nothing can be shown."""
    debian.check_tools()
    archive = debian.root_archive()
    try:
        image = Image(f"{folder}/base.img")
        image.make(archive, f"{folder}/base")
        with Machine("trial", image, folder) as machine:
            machine.boot()
    except (Failed, OSError, subprocess.SubprocessError) as reason:
        raise Skipped(f"no container with systemd runs here: {reason}") from None
    return image


def tell(checks, name, story):
    """What fails outside of any check keeps the rest of its story from being told."""
    try:
        story()
    except Failed as reason:
        with checks.named(name):
            raise reason


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), sys.argv[3:]))
