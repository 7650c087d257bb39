"""How many messages the aggregator takes, believes and commits, beside a `mosquitto_sub` that only
hears them, on the same broker in the same run."""

import os
import time

from . import load
from .measure import cpu
from .processes import BenchError, wait_until
from .signing import QuickAuthority, Signer
from .subscriber import Subscriber
from .world import World

# So many that none of them ever has more than the aggregator lets one device have waiting (4): who
# floods is dropped, and that is not what is measured.
DEVICES = 5_000
WRITERS = ["load-1", "load-2"]
PATIENCE = 240
RATIO, MICROSECONDS = 0.9, 12.0


def measure(report, programs):
    total = int(os.environ.get("BENCH_MESSAGES", "20000"))
    with World(programs, operators=["counter"], writers=WRITERS) as world:
        authority = QuickAuthority(world.authority.folder, world.fleet)
        signers = [Signer(f"bench-{n:05}", world.fleet, authority) for n in range(DEVICES)]
        # Every certificate is judged once in its life, not once a message.
        warm = _Run(world, signers, DEVICES, 1)
        warm.without_subscriber()
        for count, size in [(total, 1), (total // 5, 24)]:
            _tell(report, _Run(world, signers, count, size).beside_subscriber())
    report.value("devices", DEVICES)
    report.note("every message is signed by its device, and its signature is verified")


class _Run:
    """`count` messages of `size` events each, in turns of all devices."""

    def __init__(self, world, signers, count, size):
        self.world, self.count, self.size = world, count, size
        at = int(time.time() * 1000)
        streams = {name: [] for name in WRITERS}
        for number in range(count):
            # A device's messages keep to one connection, and so their order.
            place = number % len(signers)
            signer = signers[place]
            streams[WRITERS[place % len(WRITERS)]].append(
                (signer.topic, signer.events(size, at)))
        self.bytes = sum(len(payload) for stream in streams.values() for _, payload in stream)
        self.streams = [
            (name, world.operators[name], load.packets(stream))
            for name, stream in streams.items()]

    def without_subscriber(self):
        self._before = self._metrics()
        generator = self.world.ends(load.Load(self.world.broker.port, self.streams))
        begin = generator.start()
        generator.wait()
        return self._aggregator_done(begin)

    def beside_subscriber(self):
        world = self.world
        subscriber = world.ends(Subscriber(
            world, world.operators["counter"], f"flotilla/{world.fleet}/+/devices/+/events",
            self.count, PATIENCE))
        self._before = self._metrics()
        generator = world.ends(load.Load(world.broker.port, self.streams))
        servers = {"aggregator": world.aggregator, "broker": world.broker}
        used = {name: -cpu(server.process.pid) for name, server in servers.items()}
        begin = generator.start()
        result = {"aggregator": self._aggregator_done(begin)}
        for name, server in servers.items():
            used[name] += cpu(server.process.pid)
        last, used["load"] = generator.wait()
        heard, used["mosquitto_sub"] = subscriber.wait(self.count, PATIENCE)
        result |= {"load": last - begin, "mosquitto_sub": heard - begin, "cpu": used}
        return result | {"count": self.count, "size": self.size, "bytes": self.bytes}

    def _metrics(self):
        return self.world.aggregator.metrics()

    def _gained(self, name):
        now = self._metrics()
        return sum(
            value - self._before.get(key, 0) for key, value in now.items()
            if key == name or key.startswith(name + "{"))

    def _aggregator_done(self, begin):
        """Seconds until all events are committed. What was dropped would never be, and is an
        error: the rate of something else would be measured."""
        def is_done():
            dropped = self._gained("flotilla_messages_dropped_total")
            if dropped:
                raise BenchError(f"the aggregator dropped {dropped:.0f} messages")
            return self._gained("flotilla_events_total") >= self.count * self.size
        wait_until(f"{self.count} messages are committed", is_done, PATIENCE, 0.2)
        return time.time() - begin


def _tell(report, result):
    count, used = result["count"], result["cpu"]
    words = "1 event" if result["size"] == 1 else f"{result['size']} events"
    text = f"{count:,} of {words}"
    ours, theirs = count / result["aggregator"], count / result["mosquitto_sub"]
    report.note(f"--- {text}, {result['bytes'] / count:,.0f} B each")
    report.value(f"aggregator, with commit ({words})", ours, "msg/s", 0)
    report.value(f"mosquitto_sub ({words})", theirs, "msg/s", 0)
    report.value(f"broker acknowledged the load ({words})", count / result["load"], "msg/s", 0)
    report.goal(f"aggregator / mosquitto_sub ({words})", ours / theirs, RATIO, "", 2, True)
    report.goal(
        f"aggregator, CPU of a message ({words})", used["aggregator"] / count * 1e6, MICROSECONDS,
        "us")
    for name in ["mosquitto_sub", "broker", "load"]:
        report.value(f"{name}, CPU of a message ({words})", used[name] / count * 1e6, "us")
    report.content.setdefault("runs", []).append(result)
