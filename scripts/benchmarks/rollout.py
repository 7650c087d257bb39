"""How long a change takes: from the hook after a push until every device of an open wave has
applied it, and the aggregator has its word for it on disk."""

import json
import os
import time
from collections import defaultdict

from .measure import median, percentile
from .mqtt import Listener
from .processes import BenchError, wait_until
from .world import TWELVE, World

# The gate holds for so long on each device; it is waiting that was asked for.
SETTLE = 0.2
ROUND_PATIENCE = 60
HOPS = {
    "order": "hook -> order heard (aggregator fetches, verifies, opens)",
    "asked": "order -> the device asks Git",
    "fetch": "first request -> last answer of Git",
    "apply": "last answer -> files in place (verify, stage, flip)",
    "gate": "files in place -> confirmed, without settle time",
    "report": "confirmed -> received by the aggregator",
}


def measure(report, programs):
    rounds = max(1, int(os.environ.get("BENCH_ROUNDS", "10")))
    with World(programs, operators=["watcher"], edit=_hurry) as world:
        watcher = world.ends(Listener(
            world.broker.port, "watcher@operators", world.operators["watcher"],
            f"flotilla/{world.fleet}/channels/main/order"))
        devices = [world.device(ident, broker=world.broker.url) for ident in TWELVE]
        for device in devices:
            device.start()
        after = _first_release(world, len(devices))
        results = []
        for number in range(rounds):
            result, after = _round(world, watcher, devices, number, after)
            results.append(result)
        # Only a server that has ended has written all of its log.
        world.git.end()
        requests = world.git.requests()
    _tell(report, results, requests)


def _hurry(desk):
    """Short times at the gate, so that what is between them shows."""
    desk.replace("bundles/base/bundle.yaml", "settle: 2s", f"settle: {SETTLE * 1000:.0f}ms")
    desk.replace("bundles/base/bundle.yaml", "interval: 500ms", "interval: 100ms")


def _confirmed(events, release):
    return {
        event["device"]: event for event in events
        if event["kind"] == "confirmed" and event["revision"] == release}


def _first_release(world, count):
    """Waits until every device has something; gives the number of the last event."""
    def all_have_it():
        events, last = world.aggregator.events(0)
        return last if len(_confirmed(events, world.release)) == count else None
    last = wait_until("all devices have the first release", all_have_it, 120, 0.2)
    _wait_for_end(world, world.release)
    return last


def _wait_for_end(world, release):
    """A release that comes while another one is unfinished would wait for it."""
    def is_over():
        current = world.aggregator.get("/v1/rollouts")["current"]
        return current and current["release"] == release and current["standing"] == "complete"
    wait_until(f"the rollout of {release[:10]} is complete", is_over, ROUND_PATIENCE, 0.1)


def _round(world, watcher, devices, number, after):
    """One change for all devices, timed."""
    path = "bundles/sysctl/files/60-fleet.conf"
    world.desk.write(path, world.desk.read(path) + f"# Round {number}\n")
    release = world.desk.commit(f"Round {number}")
    # The agents trim their memory 5 s after the last work; a change comes to a fleet at rest. The
    # push comes after the wait, or the aggregator's own look at Git could be faster than the hook.
    time.sleep(6)
    heard = len(watcher.heard)
    world.desk.push()
    hook = time.time()
    world.aggregator.hook()
    events, last = [], after

    def all_have_it():
        nonlocal last
        new, last = world.aggregator.events(last)
        events.extend(new)
        return len(_confirmed(events, release)) == len(devices)

    wait_until(f"all devices have round {number}", all_have_it, ROUND_PATIENCE, 0.2)
    _wait_for_end(world, release)
    flips = {
        device.id: os.lstat(f"{device.root}/var/lib/flotilla/current").st_ctime
        for device in devices}
    return {
        "hook": hook, "order": _opened(watcher.heard[heard:], release), "flips": flips,
        "confirmed": {
            ident: (event["at"] / 1000, event["received"] / 1000)
            for ident, event in _confirmed(events, release).items()},
    }, last


def _opened(heard, release):
    """When the first order came that lets a device begin with the release."""
    for moment, _, payload in heard:
        order = json.loads(json.loads(payload)["payload"])
        if order["release"] == release and order["openings"] and order["standing"] == "rolling":
            return moment
    raise BenchError("no order was heard")


def _hops(result, requests):
    """Milliseconds of each hop, for each device."""
    found = defaultdict(list)
    for device, (at, received) in result["confirmed"].items():
        asked = [
            (begin, end) for who, begin, end, _ in requests
            if who == device and result["hook"] <= begin <= at]
        if not asked:
            raise BenchError(f"the Git server does not know when {device} fetched")
        first, last = min(asked)[0], max(end for _, end in asked)
        flip = result["flips"][device]
        for name, begin, end in [
            ("order", result["hook"], result["order"]), ("asked", result["order"], first),
            ("fetch", first, last), ("apply", last, flip), ("gate", flip, at - SETTLE),
            ("report", at, received),
        ]:
            found[name].append((end - begin) * 1000)
    return found


def _tell(report, results, requests):
    wholes, each = [], []
    hops = defaultdict(list)
    for result in results:
        times = [
            received - result["hook"] - SETTLE for _, received in result["confirmed"].values()]
        wholes.append(max(times))
        each += times
        for name, values in _hops(result, requests).items():
            hops[name] += values
    report.value("rounds", len(results))
    report.goal("hook -> reported by all 12, p50", median(wholes), 1.0, "s", 2)
    report.goal("hook -> reported by all 12, p95", percentile(wholes, 95), 2.0, "s", 2)
    report.value("hook -> reported by one device, p50", median(each), "s", 2)
    report.note(f"the gate's settle time of {SETTLE * 1000:.0f} ms is not in these times")
    for name, text in HOPS.items():
        report.value(f"{text}, p50", median(hops[name]), "ms", 0)
    report.content["rounds"] = [round(whole, 3) for whole in wholes]
