"""The machine as a device of the fleet, with the agent's package."""

import json
import os
import shutil

from .commands import Failed, wait_until
from .fleet import CHANNEL, DEVICE, PORT

AGENT = "flotilla-agent.service"
CONFIGURATION = f"""device: {DEVICE}
channel: {CHANNEL}
repository: {{url: "git://127.0.0.1:{PORT}/fleet.git"}}
fetchEvery: 1h
scanEvery: 1h
"""


class Device:
    def __init__(self, machine):
        self.machine = machine

    def install(self, package):
        shutil.copy(package, self.machine.path("/root/agent.deb"))
        self.machine.run("dpkg", "--install", "/root/agent.deb", timeout=120)

    def configure(self, fleet, extra=""):
        self.machine.write("/etc/flotilla/anchor", fleet.anchor(), 0o600)
        self.machine.write("/etc/flotilla/agent.yaml", CONFIGURATION + extra)

    def status(self):
        """As the agent tells it; nothing where it can't."""
        outcome = self.machine.attempt("flotilla-agent", "status", "--json")
        try:
            return json.loads(outcome.stdout)
        except json.JSONDecodeError:
            return {}

    def look(self):
        """Lets the agent look at Git now."""
        self.machine.run("systemctl", "reload", AGENT)

    def await_release(self, release, seconds=60):
        """Until the device has this release's content, confirmed."""
        def has():
            status = self.status()
            return (status.get("revision") == release and status.get("confirmed")
                    and status.get("phase") == "idle" and status)
        try:
            return wait_until(f"{release[:8]} is confirmed", has, seconds, 0.1)
        except Failed as failed:
            raise Failed(f"{failed}; {self.told()}") from None

    def await_outcome(self, kind, revision, seconds=60):
        """Until the device tells this outcome of a release, and rests."""
        def told():
            status = self.status()
            last = [status.get("alarm") or {}, status.get("last") or {}]
            is_told = any(
                outcome.get("kind") == kind and outcome.get("revision") == revision
                for outcome in last + self.outcomes())
            return is_told and status.get("phase") == "idle" and status
        try:
            return wait_until(f"{kind} of {revision[:8]}", told, seconds, 0.1)
        except Failed as failed:
            raise Failed(f"{failed}; {self.told()}") from None

    def outcomes(self):
        outcome = self.machine.attempt("flotilla-agent", "history", "--json")
        try:
            return json.loads(outcome.stdout)["outcomes"]
        except (json.JSONDecodeError, KeyError):
            return []

    def await_phase(self, phase, seconds=60):
        wait_until(
            f"the phase is {phase}", lambda: self.status().get("phase") == phase, seconds, 0.02)

    def journal_is_there(self):
        return self.machine.exists("/var/lib/flotilla/journal.json")

    def told(self):
        status = self.status()
        lines = self.machine.journal(AGENT).strip().splitlines()[-4:]
        return f"phase {status.get('phase')}, {status.get('problem')}; log: {' / '.join(lines)}"

    def main_pid(self):
        return int(self.machine.show(AGENT, "MainPID"))

    def leftovers(self, folder):
        """Staged files that nobody removed."""
        tree = os.walk(self.machine.path(folder))
        return [
            os.path.join(place, name) for place, folders, files in tree
            for name in files + folders if name.startswith(".flotilla-")]
