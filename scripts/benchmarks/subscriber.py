"""`mosquitto_sub`, which does nothing but receive: what an ingest is held against."""

import os
import time

from .broker import HOST
from .processes import Background, BenchError, wait_until


class Subscriber:
    """Ends by itself after `count` messages. It speaks MQTT 3.1.1, its own choice, under which the
    broker sends up to 1,000 messages ahead; in MQTT 5 it would ask for 20."""

    def __init__(self, world, credentials, topic, count, patience):
        self._moments = f"{world.folder}/moments-{count}"
        self._usage = None
        self._process = Background("mosquitto_sub", [
            "/usr/bin/mosquitto_sub", "-h", HOST, "-p", str(world.broker.port),
            "--cafile", credentials.ca, "--cert", credentials.certificate,
            "--key", credentials.key, "-t", topic, "-q", "1", "-C", str(count),
            "-W", str(patience), "-F", "%U"], self._moments)
        # It does not say when it is subscribed.
        time.sleep(1.5)
        if not self._process.runs:
            raise BenchError(f"mosquitto_sub ended: {self._process.last_words()}")

    def wait(self, count, patience):
        """The moment of the last message, and its seconds of CPU in all."""
        wait_until("mosquitto_sub has all messages", self._reap, patience, 0.05)
        with open(self._moments) as file:
            moments = file.read().split()
        if len(moments) != count:
            raise BenchError(f"mosquitto_sub heard {len(moments)} of {count} messages")
        return float(moments[-1]), self._usage.ru_utime + self._usage.ru_stime

    def _reap(self):
        pid, status, usage = os.wait4(self._process.pid, os.WNOHANG)
        if pid == 0:
            return False
        self._usage = usage
        self._process.process.returncode = os.waitstatus_to_exitcode(status)
        return True

    def end(self):
        self._process.end()
