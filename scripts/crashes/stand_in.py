"""`systemctl` and a hook for machines on which systemd is not PID 1. What they do is kept below the
device's root, so that it is compared like everything else: a unit's record says with which unit file
and which settings it was started.

    stand_in.py ROOT systemctl WORDS...     as systemctl(1), as far as the agent needs it
    stand_in.py ROOT hook NAME              keeps which settings it saw
    stand_in.py ROOT boot                   starts what is enabled, as after a power cut
"""

from __future__ import annotations

import glob
import hashlib
import os
import sys

FOLDER = "/etc/systemd/system"
WANTS = f"{FOLDER}/multi-user.target.wants"


class Manager:
    def __init__(self, root: str) -> None:
        self._root = root
        self._records = f"{root}/run/units"
        os.makedirs(f"{self._records}/running", exist_ok=True)

    # What is asked for.

    def perform(self, words: list[str]) -> int:
        words = [word for word in words if not word.startswith("--")]
        verb, names = words[0], words[1:]
        if verb == "daemon-reload":
            self._keep("loaded", self._unit_files())
            return 0
        if verb == "show":
            return self._show(names)
        return max((self._on_unit(verb, name) for name in names), default=0)

    def _on_unit(self, verb: str, unit: str) -> int:
        runs, is_enabled = self._runs(unit), os.path.lexists(self._want(unit))
        if verb == "is-active":
            print("active" if runs else "inactive")
            return 0 if runs else 3
        if verb == "is-enabled":
            print("enabled" if is_enabled else "disabled")
            return 0 if is_enabled else 1
        if verb == "stop":
            if runs:
                os.unlink(self._record(unit))
            return 0
        if verb == "disable":
            if is_enabled:
                os.unlink(self._want(unit))
            return 0
        if not os.path.exists(f"{self._root}{FOLDER}/{unit}"):
            print(f"Unit {unit} not found.", file=sys.stderr)
            return 5
        if verb == "enable":
            if not is_enabled:
                os.symlink(f"../{unit}", self._want(unit))
            return 0
        if verb == "try-restart" and not runs or verb == "start" and runs:
            return 0
        if verb in ["start", "restart", "try-restart", "reload-or-restart"]:
            self._keep(f"running/{unit}", self._settings(unit))
            return 0
        print(f"Unknown command verb '{verb}'.", file=sys.stderr)
        return 1

    def _show(self, units: list[str]) -> int:
        for unit in units:
            is_known = os.path.exists(f"{self._root}{FOLDER}/{unit}")
            runs, is_enabled = self._runs(unit), os.path.lexists(self._want(unit))
            print(
                f"Id={unit}", f"LoadState={'loaded' if is_known else 'not-found'}",
                f"ActiveState={'active' if runs else 'inactive'}",
                f"SubState={'running' if runs else 'dead'}",
                f"UnitFileState={'enabled' if is_enabled else 'disabled' if is_known else ''}",
                "NRestarts=0", "Result=success", "DropInPaths=", "NeedDaemonReload=no",
                f"FragmentPath={FOLDER}/{unit if is_known else ''}", "", sep="\n")
        return 0

    def boot(self) -> None:
        self._keep("loaded", self._unit_files())
        for unit in sorted(os.listdir(f"{self._root}{WANTS}")):
            if os.path.exists(f"{self._root}{FOLDER}/{unit}"):
                self._keep(f"running/{unit}", self._settings(unit))

    def hook(self, name: str) -> None:
        """A hook that is told after the fact keeps what it saw, and makes that durable as a hook
        should. One that is asked before must not be compared: it sees what is about to change."""
        folder = f"{self._root}/var/lib/hooks"
        path = f"{folder}/{name}" if os.environ.get("FLOTILLA_MOMENT") == "after" else (
            f"{folder}/{name}~")
        self._write(path, self._digests(glob.glob(f"{self._root}/etc/site/conf.d/*")))

    # What is kept.

    def _record(self, unit: str) -> str:
        return f"{self._records}/running/{unit}"

    def _runs(self, unit: str) -> bool:
        return os.path.exists(self._record(unit))

    def _want(self, unit: str) -> str:
        return f"{self._root}{WANTS}/{unit}"

    def _unit_files(self) -> str:
        return self._digests(glob.glob(f"{self._root}{FOLDER}/*.service"))

    def _settings(self, unit: str) -> str:
        path = f"{self._root}{FOLDER}/{unit}"
        with open(path) as file:
            folder = file.read().split()[-1]
        return self._digests([path, *glob.glob(f"{self._root}{folder}/*")])

    def _digests(self, paths: list[str]) -> str:
        lines = []
        for path in sorted(paths):
            with open(path, "rb") as file:
                digest = hashlib.sha256(file.read()).hexdigest()
            lines.append(f"{digest[:16]} {path.removeprefix(self._root)}\n")
        return "".join(lines)

    def _keep(self, name: str, text: str) -> None:
        """systemd's own state is never torn, so neither is this."""
        path = f"{self._records}/{name}"
        with open(f"{path}~", "w") as file:
            file.write(text)
        os.rename(f"{path}~", path)

    def _write(self, path: str, text: str) -> None:
        with open(f"{path}~", "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.rename(f"{path}~", path)
        folder = os.open(os.path.dirname(path), os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)


def main(root: str, role: str, words: list[str]) -> int:
    manager = Manager(root)
    if role == "boot":
        manager.boot()
        return 0
    if role == "hook":
        manager.hook(words[0])
        return 0
    return manager.perform(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
