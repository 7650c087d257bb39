"""The programs that a device's agent finds in a lane. Those that it starts are wrappers: each counts
how often it ran, and the harness can take one of its runs over."""

from __future__ import annotations

import os
import shutil

# What the agent starts, by the name of the program, and how its role is told.
_WRAPPER = """\
#!/bin/sh
role={role}
# How often somebody looks depends on times, and looking changes nothing.
for word in "$@"; do
    case $word in is-active | is-enabled | is-failed | show | list-*) role=$role-looking ;; esac
done
number=0
[ -f {lane}/runs/$role ] && read -r number <{lane}/runs/$role
number=$((number + 1))
echo $number >{lane}/runs/$role
program="{program}"
[ -f {lane}/armed/$role.$number ] && . {lane}/armed/$role.$number
[ -f {lane}/armed/any ] && . {lane}/armed/any
exec $program "$@"
"""
_STAND_IN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "stand_in.py")


class Programs:
    """Made in an empty folder of the lane. `systemctl` and the hook are found at `bound`, which
    stands first in the path that the agent gives to its children."""

    bound = "/usr/local/sbin"

    def __init__(self, lane: str, programs: str) -> None:
        self.lane = lane
        self.root = f"{lane}/root"
        self.agent = f"{lane}/bin/flotilla-agent"
        for folder in ["bin", "sbin", "real", "runs", "armed"]:
            os.makedirs(f"{lane}/{folder}")
        # The agent looks for its worker beside itself.
        shutil.copy(f"{programs}/flotilla-agent", self.agent)
        shutil.copy(f"{programs}/flotilla-worker", f"{lane}/real/flotilla-worker")
        self._wrap("bin/flotilla-worker", "worker-$1", f"{lane}/real/flotilla-worker")
        python = f"/usr/bin/python3 -IBS {_STAND_IN} {self.root}"
        self._wrap("sbin/systemctl", "systemctl", f"{python} systemctl")
        self._wrap("sbin/site-hook", "hook", f"{python} hook")

    def _wrap(self, name: str, role: str, program: str) -> None:
        path = f"{self.lane}/{name}"
        with open(path, "w") as file:
            file.write(_WRAPPER.format(role=role, lane=self.lane, program=program))
        os.chmod(path, 0o755)

    def boot_words(self) -> list[str]:
        return ["/usr/bin/python3", "-IBS", _STAND_IN, self.root, "boot"]

    def reset(self) -> None:
        """Nothing ran, and nothing is taken over."""
        for folder in ["runs", "armed"]:
            for name in os.listdir(f"{self.lane}/{folder}"):
                os.unlink(f"{self.lane}/{folder}/{name}")

    def take_over(self, run: str, strace: list[str], freezes: bool = False) -> None:
        """Lets a run (`ROLE.NUMBER`, or `any`) happen under strace. `freezes`: what started it
        stands still from then on, so that nobody reacts to its end."""
        lines = ["kill -STOP $PPID"] if freezes else []
        lines.append(f'program="{" ".join(strace)} $program"')
        with open(f"{self.lane}/armed/{run}", "w") as file:
            file.write("\n".join(lines) + "\n")
