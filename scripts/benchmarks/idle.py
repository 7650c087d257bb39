"""What an agent costs that has nothing to do: memory, bytes on the wire, bytes on the disk."""

import os
import time
from collections import Counter

from .measure import cpu, median, memory, sharers, written
from .mqtt import Listener
from .processes import wait_until
from .relay import Relay
from .world import World

DEVICE = "gateway-berlin-1"
MONTH = 30 * 86_400
# IPv4 and TCP with time stamps; a frame of Ethernet or radio comes on top.
HEADERS = 52
# What a month has that ten minutes do not show. The state is told every 6 h; the order is renewed
# every 12 h, and a minute after one the state is told once more; Git is asked once a day.
STATES, ORDERS, POLLS = (4 + 2) * 30, 2 * 30, 30
# The message, its acknowledgement at each layer.
RARE_SEGMENTS = 3
# The agent is at rest when it has told the order's number, and trimmed its code 5 s after that.
QUIET = 75
KEEP_ALIVE = 240
MIB = 2**20


def measure(report, programs):
    minutes = float(os.environ.get("BENCH_MINUTES", "10"))
    with World(programs, operators=["watcher"]) as world:
        watcher = world.ends(Listener(
            world.broker.port, "watcher@operators", world.operators["watcher"],
            f"flotilla/{world.fleet}/#"))
        relay = world.ends(Relay(world.broker.port))
        polls = world.ends(Relay(world.git.port))
        device = world.device(
            DEVICE, repository=world.git.url(port=polls.port),
            broker=f"mqtts://localhost:{relay.port}")
        device.start()
        wait_until("the device has the release", lambda: _is_settled(device), 60, 0.5)
        trimmed = _wait_for_rest(device, watcher)
        seen = _look_on(device, relay, polls, minutes * 60)
        seen["trimmed"] = trimmed
        seen["state"] = _largest(watcher, "/state")
        seen["order"] = _largest(watcher, "/order")
        seen["others"] = sharers(device.agent.pid)
    _tell(report, seen)


def _is_settled(device):
    status = device.status()
    link = status["link"] or {}
    return (
        status["confirmed"] and status["phase"] == "idle" and link.get("state") == "up"
        and link["outbox"]["events"] == 0)


def _wait_for_rest(device, watcher):
    """Waits until the device is through with all that it had to say; gives the lowest VmRSS on the
    way, which is that of just after the trimming."""
    lowest = memory(device.agent.pid)["VmRSS"]

    def is_quiet():
        nonlocal lowest
        lowest = min(lowest, memory(device.agent.pid)["VmRSS"])
        return time.time() - watcher.heard[-1][0] > QUIET

    wait_until("the device says nothing", is_quiet, 600, 1)
    return lowest


def _largest(watcher, ending):
    return max(
        len(topic) + len(payload) for _, topic, payload in watcher.heard if topic.endswith(ending))


def _look_on(device, relay, polls, seconds):
    """Counts before and after; in between the agent is left alone. A `status` of somebody else
    would be work of another process, but on the same disk."""
    pid = device.agent.pid
    begin = time.monotonic()
    before = relay.counts(), polls.counts(), written(pid), cpu(pid), _writes(device.root)
    resident = [memory(pid)["VmRSS"]]
    while (left := begin + seconds - time.monotonic()) > 0:
        time.sleep(min(left, 15))
        resident.append(memory(pid)["VmRSS"])
    after = relay.counts(), polls.counts(), written(pid), cpu(pid), _writes(device.root)
    return {
        "seconds": time.monotonic() - begin, "memory": memory(pid), "resident": resident,
        "wire": {name: after[0][name] - before[0][name] for name in before[0]},
        "polled": sum(after[1].values()) - sum(before[1].values()),
        "written": {name: after[2][name] - before[2][name] for name in before[2]},
        "cpu": after[3] - before[3],
        "files": sorted(path for path in after[4] if after[4][path] != before[4].get(path)),
    }


def _writes(root):
    """When each file and folder of the device was changed."""
    found = {}
    for folder, _, files in os.walk(root):
        for path in [folder, *(f"{folder}/{name}" for name in files)]:
            try:
                found[path.removeprefix(root)] = os.lstat(path).st_ctime_ns
            except OSError:  # Removed while it was looked at; its folder tells.
                pass
    return found


def _tell(report, seen):
    _tell_memory(report, seen)
    _tell_wire(report, seen)
    _tell_disk(report, seen)
    report.value("CPU while it was looked on", seen["cpu"] * 1000, "ms", 0)
    report.content["seen"] = seen


def _tell_memory(report, seen):
    now = seen["memory"]
    report.goal("RssAnon: memory of its own", now["RssAnon"] / MIB, 3.0, "MiB", 2)
    report.goal("VmRSS at its highest, before trimming (VmHWM)", now["VmHWM"] / MIB, 14.0, "MiB", 2)
    report.value("VmRSS just after it trimmed its code", seen["trimmed"] / MIB, "MiB", 2)
    report.goal("VmRSS at rest, median", median(seen["resident"]) / MIB, 10.0, "MiB", 2)
    samples = seen["resident"]
    report.value(f"VmRSS at rest, highest of {len(samples)} samples", max(samples) / MIB, "MiB", 2)
    report.value("PSS", now["PSS"] / MIB, "MiB", 2)
    counts = Counter(seen["others"]).items()
    others = ", ".join(f"{count} x {name}" for name, count in counts) or "nothing"
    report.note(f"PSS while these ran, which map the same libraries: {others}")


def _tell_wire(report, seen):
    wire, times = seen["wire"], MONTH / seen["seconds"]
    payload = wire["up"] + wire["down"]
    headers = wire["segments"] * HEADERS
    report.value("looked on for", seen["seconds"] / 60, "min")
    report.value("to and from the broker (TLS, by the relay)", payload, "B")
    report.value(f"its TCP segments, {HEADERS} B of headers each", wire["segments"])
    rare = (
        STATES * seen["state"] + ORDERS * seen["order"]
        + (STATES + ORDERS) * RARE_SEGMENTS * HEADERS)
    month = (payload + headers) * times + rare
    report.value("a month of that: TLS", payload * times / 1e6, "MB", 2)
    report.value("a month of that: headers", headers * times / 1e6, "MB", 2)
    report.value(
        f"{STATES} states of {seen['state']} B, {ORDERS} orders of {seen['order']} B (computed)",
        rare / 1e6, "MB", 2)
    if seen["seconds"] < 2 * KEEP_ALIVE:
        report.skip("on the wire in a month", f"keep-alives come only every {KEEP_ALIVE} s")
    else:
        report.goal("on the wire in a month, with the broker", month / 1e6, 3.0, "MB", 2)
    report.note(
        f"{POLLS} polls of Git in a month are not in it: `poll` tells what one costs; "
        f"{seen['polled']} B went there meanwhile")


def _tell_disk(report, seen):
    """`write_bytes` alone says too much, for writes to a tmpfs are in it: it counts where a file
    changed that is on the disk of a real device."""
    changed = [path for path in seen["files"] if not path.startswith("/run/")]
    counted = seen["written"]["write_bytes"]
    month = counted * MONTH / seen["seconds"] if changed else 0.0
    report.goal("written to disk in a month", month, 0.0, "B", 0)
    report.value("write_bytes of /proc/PID/io, /run included", counted, "B")
    report.note(f"files of the device that changed: {', '.join(seen['files']) or 'none'}")
