"""One device below a folder of a lane, as an installer leaves it, and what can be seen of it."""

from __future__ import annotations

import glob
import json
import os
import re
import shutil

from . import scenario
from .courses import References
from .household import Ended, Household
from .processes import CrashError
from .programs import Programs
from .tree import Picture, picture

# Nothing that the agent does for one point takes nearly as long.
PATIENCE = 60.0
# What the agent keeps for itself is judged by `leftovers`, not compared.
_ITS_OWN = ["/var/lib/flotilla", "/etc/flotilla", "/run/flotilla", "/lost+found"]
# All that may stand there when nothing is under way. What a fetch brought stays until the next one.
_STATE = re.compile(r"""
    repository(/.*)? | incoming(/.*)? | generations | generations/last\.json | generations/\d+
    | generations/\d+/(generation|untouched)\.json | generations/\d+/files(/.*)? | current | saved
    | saved/index\.json | saved/[0-9a-f]{64} | (trust|ledger|boots|link|order)\.json
    | lock | agent\.lock | outbox""", re.VERBOSE)
_UNFINISHED = re.compile(r"^repository/(.*pack_git2_|.*\.lock$|.*/tmp_|quarantine)|\.new$|\.damaged$")


class Device:
    def __init__(self, programs: Programs, household: Household) -> None:
        self.root = programs.root
        self._programs = programs
        self._household = household

    def install(self, anchor: str) -> None:
        for folder in [*scenario.OWN_FOLDERS, "/etc/flotilla"]:
            os.makedirs(self.root + folder, exist_ok=True)
        for path, text, mode in scenario.OWN_FILES:
            self._write(path, text, mode)
        self._write("/etc/flotilla/anchor", anchor)

    def edit(self) -> None:
        """What its owner does with what he may."""
        for path, text in scenario.OWN_EDITS.items():
            self._write(path, text)

    def look_at(self, url: str) -> None:
        """Where the device finds its releases from now on."""
        self._write("/etc/flotilla/agent.yaml", f"""\
device: edge-1
channel: main
repository: {{url: "{url}", fetchUser: nobody}}
services: systemd
""")

    def _write(self, path: str, text: str, mode: int = 0o644) -> None:
        with open(self.root + path, "w") as file:
            file.write(text)
        os.chmod(self.root + path, mode)

    def copy_of(self, snapshot: str) -> None:
        """Becomes what stands in a folder."""
        self.remove()
        ended = self._household.run(["cp", "-a", snapshot, self.root], PATIENCE)
        if ended.status != 0:
            raise CrashError(f"no copy of {snapshot}: {ended.said}")

    def keep_as(self, snapshot: str) -> None:
        ended = self._household.run(["cp", "-a", self.root, snapshot], PATIENCE)
        if ended.status != 0:
            raise CrashError(f"no copy at {snapshot}: {ended.said}")

    def remove(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)

    # Its agent.

    def agent_words(self, *words: str) -> list[str]:
        return [self._programs.agent, *words, "--root", self.root]

    def command(self, *words: str) -> Ended:
        return self._household.run(self.agent_words(*words), PATIENCE)

    def status(self) -> dict[str, object]:
        """Of a device whose records can't be read: only what was said."""
        ended = self.command("status", "--json")
        if ended.status not in [0, 1]:
            return {"problem": f"status ended with {ended.status}: {ended.said.strip()}"}
        found: dict[str, object] = json.loads(ended.said)
        return found

    def lose_memory(self) -> None:
        """What a machine forgets that is switched off."""
        shutil.rmtree(f"{self.root}/run")
        os.mkdir(f"{self.root}/run")

    def start_units(self) -> None:
        """What systemd does at a boot."""
        ended = self._household.run(self._programs.boot_words(), PATIENCE)
        if ended.status != 0:
            raise CrashError(f"the stand-in for systemd does not boot: {ended.said}")

    def history(self) -> str:
        return self.command("history").said

    def confirms(self, edition: str, references: References) -> bool:
        """Whether the records say, as they are, that an edition is confirmed."""
        status = self.status()
        revision = str(status.get("generationRevision"))
        told: dict[str, object] = json.loads(self.command("history", "--json").said or "{}")
        kept = told.get("generations")
        return references.editions.get(revision) == edition and isinstance(kept, list) and any(
            generation["revision"] == revision and generation["confirmed"] for generation in kept)

    # What stands there.

    def picture(self) -> Picture:
        return picture(self.root, lambda path: path in _ITS_OWN or path.endswith("~"))

    def unfinished(self) -> list[str]:
        """What says that a move is under way still."""
        state = f"{self.root}/var/lib/flotilla"
        found = glob.glob(f"{state}/journal.json") + glob.glob(f"{state}/generations/*/stage*")
        return [path.removeprefix(self.root) for path in found]

    def leftovers(self) -> list[str]:
        """What of the agent's own is neither needed nor allowed when nothing is under way. What a
        death leaves in its folders may wait for the next release, but not for ever."""
        found = []
        state = f"{self.root}/var/lib/flotilla"
        for folder, folders, files in os.walk(state):
            for name in folders + files:
                path = os.path.join(folder, name).removeprefix(state + "/")
                if not _STATE.fullmatch(path) or _UNFINISHED.search(path):
                    found.append(f"/var/lib/flotilla/{path}")
        for name in os.listdir(f"{self.root}/etc/flotilla"):
            if name not in ["agent.yaml", "anchor"]:
                found.append(f"/etc/flotilla/{name}")
        return sorted(found)
