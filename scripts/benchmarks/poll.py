"""What a look at Git costs that finds nothing new: bytes on the wire, and CPU."""

import os
import re
import shutil

from .gitserver import GitServer
from .measure import cpu_of_run, median, percentile
from .processes import BenchError, attempt, wait_until
from .relay import Relay
from .world import World

RUNS = 30
DEVICES = {"http": "gateway-berlin-1", "https": "gateway-berlin-2"}
GOALS = {"http": 1000, "https": 2500}


def measure(report, programs):
    with World(programs) as world:
        secure = world.ends(GitServer(f"{world.folder}/git-tls", world.served, world.host))
        servers = {"http": world.git, "https": secure}
        clock = _fetch_clock(world.folder)
        for scheme, ident in DEVICES.items():
            relay = world.ends(Relay(servers[scheme].port))
            device = _device(world, ident, servers[scheme], relay)
            _wire(report, scheme, device, relay, world.folder)
            _cpu(report, scheme, device, clock, world.folder)
    report.note("TLS 1.3, the server's certificate is Ed25519 of the fleet's own authority")


def _device(world, ident, server, relay):
    """A device that has the newest release, and whose agent does not run."""
    extra = ", ca: /etc/flotilla/ca.pem" if server.scheme == "https" else ""
    device = world.device(
        ident, repository=server.url(port=relay.port), broker=world.broker.url, extra=extra)
    device.start()
    wait_until(
        f"{ident} has the release",
        lambda: (status := device.status())["confirmed"] and status["revision"], 60, 0.5)
    device.end()
    return device


def _words(device):
    """As the agent starts it; only the control group is left out, which the agent makes."""
    return [device.worker_program, "fetch", "--root", device.root, "--agent", str(os.getpid())]


def _run(words, log, environment=None):
    seconds, status = cpu_of_run(words, environment, log)
    if status != 0:
        with open(log, errors="replace") as file:
            said = " / ".join(file.read().splitlines()[-2:])
        raise BenchError(f"`{' '.join(words)}` ended with {status}: {said}")
    return seconds


def _wire(report, scheme, device, relay, folder):
    """The middle of five, since a session ticket is a byte longer now and then."""
    counts = []
    for _ in range(5):
        before = relay.counts()
        _run(_words(device), f"{folder}/poll.log")
        wait_until("the relay is quiet", lambda: relay.quiet, 10)
        after = relay.counts()
        counts.append({name: after[name] - before[name] for name in after})
    middle = sorted(counts, key=lambda count: count["up"] + count["down"])[2]
    up, down = middle["up"], middle["down"]
    report.goal(f"{scheme}: {up} B up + {down} B down", up + down, GOALS[scheme], "B")
    report.value(f"{scheme}: TCP segments both ways", middle["segments"])


def _cpu(report, scheme, device, clock, folder):
    log = f"{folder}/poll.log"
    whole = [_run(_words(device), log) * 1000 for _ in range(RUNS)]
    text = f"{scheme}: worker, CPU from exec to exit, median of {RUNS}"
    report.goal(text, median(whole), 15.0, "ms", 2)
    report.value(f"{scheme}: the same, p95", percentile(whole, 95), "ms", 2)
    library, reason = clock
    if library:
        calls = _calls(device, library, folder)
        report.goal(
            f"{scheme}: the fetch call alone, CPU, median of {len(calls)}", median(calls), 5.0,
            "ms", 2)
        return
    report.skip(f"{scheme}: the fetch call alone", reason)
    # Without a command it explains itself, and has done all that a start costs.
    bare = [cpu_of_run([device.worker_program])[0] * 1000 for _ in range(RUNS)]
    report.value(
        f"{scheme}: exec to exit less that of a worker without work",
        median(whole) - median(bare), "ms", 2)


def _fetch_clock(folder):
    """The library that tells the fetch call apart, or None and why there is none."""
    compiler = shutil.which("cc") or shutil.which("clang") or shutil.which("gcc")
    if not compiler:
        return None, "there is no C compiler for the clock within the call"
    # The user who fetches can read it here.
    target = f"{folder}/fetchclock.so"
    source = os.path.join(os.path.dirname(__file__), "fetchclock.c")
    outcome = attempt(compiler, "-shared", "-fPIC", "-O1", "-o", target, source, "-ldl")
    if outcome.returncode != 0:
        return None, f"the clock within the call can't be built: {outcome.stderr[:200]}"
    return target, ""


def _calls(device, library, folder):
    log = f"{folder}/calls.log"
    if os.path.exists(log):
        os.unlink(log)
    for _ in range(RUNS):
        _run(_words(device), log, {**os.environ, "LD_PRELOAD": library})
    with open(log) as file:
        found = [int(number) / 1e6 for number in re.findall(r"^fetch-clock (\d+)$", file.read(),
            re.MULTILINE)]
    if len(found) != RUNS:
        raise BenchError(f"the clock within the fetch call spoke {len(found)} times of {RUNS}")
    return found
