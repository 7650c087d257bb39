"""One device: a folder that is its whole file system, and the real agent in it."""

import json
import os
import shutil

from .processes import Background, BenchError, attempt


class Device:
    def __init__(self, ident, root, world):
        self.id = ident
        self.root = root
        self.agent_program = world.program("flotilla-agent")
        self.worker_program = world.program("flotilla-worker")
        self.agent = None
        for folder in ["etc/flotilla", "run", "usr/local/bin", "var/lib", "tmp"]:
            os.makedirs(f"{root}/{folder}")
        self.write("/etc/os-release", 'ID=debian\nVERSION_ID="12"\n')
        self.write("/etc/hostname", f"{ident}\n")

    def write(self, path, text):
        with open(self.root + path, "w") as file:
            file.write(text)

    def install(self, anchor, credentials, repository, broker=None, extra=""):
        """What an installer puts there. The times are the agent's own defaults."""
        self.write("/etc/flotilla/anchor", anchor)
        for source, name in [
            (credentials.ca, "ca.pem"), (credentials.certificate, "device.pem"),
            (credentials.key, "device.key"),
        ]:
            shutil.copyfile(source, f"{self.root}/etc/flotilla/{name}")
        os.chmod(f"{self.root}/etc/flotilla/device.key", 0o600)
        bus = f"""\
broker:
  url: {broker}
  ca: /etc/flotilla/ca.pem
  certificate: /etc/flotilla/device.pem
  key: /etc/flotilla/device.key
"""
        self.write("/etc/flotilla/agent.yaml", f"""\
device: {self.id}
channel: main
repository: {{url: "{repository}", fetchUser: nobody{extra}}}
services: none
{bus if broker else ""}""")

    def start(self):
        self.agent = Background(
            f"the agent of {self.id}", [self.agent_program, "run", "--root", self.root],
            f"{self.root}.log")

    def command(self, *words, timeout=120):
        return attempt(self.agent_program, *words, "--root", self.root, timeout=timeout)

    def status(self):
        outcome = self.command("status", "--json")
        if outcome.returncode > 1:
            raise BenchError(f"status of {self.id}: {outcome.stderr.strip()}")
        return json.loads(outcome.stdout)

    def end(self):
        if self.agent:
            self.agent.end()
