"""A real Mosquitto with the configuration that the project ships, on 127.0.0.1 alone."""

import os

from .loopback import accepts, free_port
from .processes import Background, BenchError, run, wait_until

HOST = "localhost"
MOSQUITTO = "/usr/sbin/mosquitto"


class Broker:
    """`writers` are operators that may write for every device: load comes from few connections.
    On a fleet's own broker nobody may."""

    def __init__(self, folder, world, credentials, writers=()):
        self.folder = folder
        self.port = free_port()
        self.url = f"mqtts://{HOST}:{self.port}"
        state = f"{folder}/state"
        os.makedirs(state)
        own = credentials.certificate.removesuffix(".pem")
        configuration = f"{folder}/configuration"
        run(world.flotilla, "ca", "broker-config", world.authority.folder, "--out", configuration,
            "--port", str(self.port), "--state", state, "--broker", own,
            "--templates", f"{world.project}/systemd/broker")
        self.configuration = f"{configuration}/flotilla.conf"
        self._listen_on_loopback()
        self._let_write(f"{configuration}/flotilla.acl", writers, world.fleet)
        # It gives up root before it reads anything.
        run("chown", "-R", "mosquitto:", folder)
        self.process = None

    def _listen_on_loopback(self):
        with open(self.configuration) as file:
            text = file.read()
        line = f"listener {self.port}"
        if f"{line}\n" not in text:
            raise BenchError(f"systemd/broker/flotilla.conf has no line `{line}`")
        with open(self.configuration, "w") as file:
            file.write(text.replace(f"{line}\n", f"{line} 127.0.0.1\n"))

    def _let_write(self, rules, writers, fleet):
        with open(rules, "a") as file:
            for name in writers:
                file.write(f"\nuser {name}@operators\ntopic write flotilla/{fleet}/#\n")

    def start(self):
        self.process = Background(
            "the broker", [MOSQUITTO, "-c", self.configuration], f"{self.folder}/log")
        wait_until(
            "the broker listens", lambda: accepts(self.port) or not self.process.runs, 20)
        if not self.process.runs:
            raise BenchError(f"mosquitto does not start: {self.process.last_words()}")

    def end(self):
        if self.process:
            self.process.end()
