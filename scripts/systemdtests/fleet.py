"""A fleet repository with one device, its releases, and the server that gives them out."""

import json
import os
import shutil
import signal
import subprocess

from .commands import ENVIRONMENT, run, wait_until

FLEET, CHANNEL, DEVICE = "harbour", "main", "gateway-1"
PORT = 9418


class Fleet:
    """Its files are given as a whole for each release: path in the repository to text."""

    def __init__(self, folder):
        self.work = f"{folder}/fleet"
        self.served = f"{folder}/served"
        self.key = f"{folder}/key"
        os.makedirs(self.work)
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", self.key)
        with open(f"{self.key}.pub") as file:
            self.signers = f"anna {' '.join(file.read().split()[:2])}\n"
        self._git("init", "--quiet", f"--initial-branch={CHANNEL}")
        run("git", "init", "--quiet", "--bare", f"{self.served}/fleet.git")
        # Who serves it is another user's business on other machines; here all is root's.
        self.first = self.release({})

    def release(self, bundles):
        """Makes a signed release of these bundles, and gives it out at once. A file's value is its
        text, or its text and mode."""
        for name in os.listdir(self.work):
            if name != ".git":
                shutil.rmtree(f"{self.work}/{name}", ignore_errors=True)
                if os.path.exists(f"{self.work}/{name}"):
                    os.remove(f"{self.work}/{name}")
        files = {
            "fleet.yaml": f"format: 1\nname: {FLEET}\nrollout: none\n",
            "trust/allowed_signers": self.signers}
        for path, text in (files | bundles).items():
            place = f"{self.work}/{path}"
            os.makedirs(os.path.dirname(place), exist_ok=True)
            with open(place, "w") as file:
                file.write(text)
        self._git("add", "--all")
        self._git(
            "-c", "gpg.format=ssh", "-c", f"user.signingkey={self.key}", "-c", "user.name=Anna",
            "-c", "user.email=anna@harbour.example", "commit", "--quiet", "--allow-empty", "-S",
            "-m", "A release", "-m", f"Flotilla-Channel: {FLEET}/{CHANNEL}")
        self._git("push", "--quiet", f"{self.served}/fleet.git", CHANNEL)
        return self._git("rev-parse", "HEAD").strip()

    def anchor(self):
        return json.dumps({
            "format": 1, "fleet": FLEET, "channel": CHANNEL, "release": self.first,
            "allowed_signers": self.signers})

    def _git(self, *words):
        return run("git", "-C", self.work, *words)


class Server:
    """Gives a fleet out in the network of one machine, at 127.0.0.1 there."""

    def __init__(self, fleet, machine):
        self.fleet = fleet
        self.machine = machine
        self.process = None
        # Not by `ip netns exec`, which would hold the machine's file system in mounts of its own.
        self._there = ["nsenter", f"--net=/run/netns/{machine.name}"]

    def start(self):
        self.stop()
        with open(f"{self.machine.folder}/git-daemon", "ab") as log:
            self.process = subprocess.Popen(
                [*self._there, "git", "daemon", "--reuseaddr",
                 "--listen=127.0.0.1", f"--port={PORT}", "--export-all",
                 f"--base-path={self.fleet.served}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=ENVIRONMENT,
                start_new_session=True)
        wait_until("the Git server listens", self._listens, 20)

    def _listens(self):
        ports = run(*self._there, "cat", "/proc/net/tcp")
        return any(line.split()[1:4:2] == [f"0100007F:{PORT:04X}", "0A"]
                   for line in ports.splitlines()[1:])

    def stop(self):
        if self.process is None:
            return
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(20)
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
