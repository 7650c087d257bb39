"""The real aggregator, and its API as a program sees it."""

import json
import os
import re
import urllib.request

from .loopback import accepts, free_port
from .processes import Background, BenchError, wait_until


class Aggregator:
    def __init__(self, folder, world, credentials, repository, broker_url):
        self.folder = folder
        self.program = world.program("flotilla-aggregator")
        self.port = free_port()
        self.process = None
        os.makedirs(f"{folder}/state")
        with open(f"{folder}/anchor", "w") as file:
            file.write(world.desk.anchor())
        with open(f"{folder}/aggregator.yaml", "w") as file:
            # A look at Git a minute apart, as it is by default: the hook is what is timed.
            file.write(f"""\
fleet: {world.fleet}
channel: main
anchor: {folder}/anchor
repository: {{url: "{repository}"}}
broker:
  url: {broker_url}
  ca: {credentials.ca}
  certificate: {credentials.certificate}
  key: {credentials.key}
authority: {{ca: {credentials.ca}, revoked: {world.authority.revoked}}}
key: {credentials.key}
state: {folder}/state
listen: 127.0.0.1:{self.port}
tokenFile: {folder}/token
""")

    def start(self):
        self.process = Background(
            "the aggregator", [self.program, "run", "--config", f"{self.folder}/aggregator.yaml"],
            f"{self.folder}/log")
        wait_until(
            "the aggregator listens", lambda: accepts(self.port) or not self.process.runs, 30)
        if not self.process.runs:
            raise BenchError(f"the aggregator does not start: {self.process.last_words()}")
        wait_until("the aggregator is connected with the broker",
            lambda: self.metrics().get("flotilla_broker_connected") == 1)

    def _ask(self, path, method="GET", token="token"):
        with open(f"{self.folder}/{token}") as file:
            token = file.read().strip()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", method=method,
            headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.read()

    def get(self, path):
        return json.loads(self._ask(path))

    def hook(self):
        """What a Git server says after a push."""
        self._ask("/v1/hooks/push", "POST", token="state/hook-token")

    def metrics(self):
        """All figures by name; one with labels keeps them in its name."""
        text = self._ask("/metrics").decode()
        lines = re.findall(r"^(\w+(?:\{.*\})?) ([0-9.e+-]+)$", text, re.MULTILINE)
        return {name: float(value) for name, value in lines}

    def events(self, after):
        """All events after a number, in the order of their arrival, and the last number."""
        found = []
        while True:
            page = self.get(f"/v1/events?after={after}&limit=1000")
            if not page["events"]:
                return found, after
            found += page["events"]
            after = page["next"]

    def end(self):
        if self.process:
            self.process.end()
