"""The operator's clone: the sample fleet with a key of its own, published with `flotilla`."""

import hashlib
import json
import os
import shutil

from .processes import BenchError, run

# Long waits between waves belong to people; the figure is about the machinery.
ROLLOUT = """\
format: 1
waves:
  - name: all
    limit: 100%
    soak: 0s
    success: 100%
stop: {failures: 1}
silentAfter: 2m
spread: 0s
"""


class Desk:
    """A copy of Fleet/ in which `devices` (id: role, site) have files."""

    def __init__(self, folder, remote, world, devices):
        self.folder = folder
        self.remote = remote
        self.flotilla = world.flotilla
        shutil.copytree(f"{world.project}/Fleet", folder)
        key = f"{os.path.dirname(folder)}/operator-key"
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key)
        self.git("init", "--quiet", "--initial-branch=draft")
        for name, value in {
            "user.name": "operator", "user.email": "operator@harbour.example",
            "gpg.format": "ssh", "user.signingkey": key,
        }.items():
            self.git("config", name, value)
        with open(f"{key}.pub") as file:
            public = " ".join(file.read().split()[:2])
        line = f'namespaces="git,flotilla-release,flotilla-command" {public}\n'
        self.write("trust/allowed_signers",
            f"operator@harbour.example {line}{world.authority.aggregator_line}")
        self.replace("fleet.yaml", "rollout: none", "rollout: waves")
        self.write("rollout.yaml", ROLLOUT)
        self._name(devices)

    def _name(self, devices):
        shutil.rmtree(f"{self.folder}/devices")
        for device, (role, site) in devices.items():
            text = f"labels:\n  role: {role}\n  site: {site}\n"
            if role == "sensor-hub":
                text += "vars:\n  sensor_bus: /dev/ttyUSB0\n"
            self.write(f"devices/{shard(device)}/{device}.yaml", text)

    def git(self, *words):
        return run("git", "-C", self.folder, *words)

    def write(self, path, text):
        path = f"{self.folder}/{path}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)

    def read(self, path):
        with open(f"{self.folder}/{path}") as file:
            return file.read()

    def replace(self, path, old, new):
        text = self.read(path)
        if old not in text:
            raise BenchError(f"Fleet/{path} does not say `{old}`")
        self.write(path, text.replace(old, new))

    def commit(self, message):
        """Commits and makes a signed release. It is not pushed yet."""
        begins = not self.git("branch", "--list", "main").strip()
        self.git("add", "--all")
        self.git("commit", "--quiet", "--no-gpg-sign", "--message", message)
        words = ["publish", "--directory", self.folder, "--json"]
        if begins:
            words.append("--new-channel")
        return json.loads(run(self.flotilla, *words))["release"]

    def push(self):
        self.git("push", "--quiet", self.remote, "refs/heads/main")

    def anchor(self):
        return run(self.flotilla, "anchor", "--directory", self.folder) + "\n"


def shard(device):
    """The first byte of the hash of an id: its folder, and its level of topics."""
    return hashlib.sha256(device.encode()).hexdigest()[:2]
