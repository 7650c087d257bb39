"""`python3 -m benchmarks PROGRAMS RESULTS [NAME...]`: measures figures, all of them without a
name. Called by scripts/bench."""

import os
import signal
import subprocess
import sys
import urllib.error

from . import apply, idle, ingest, poll, rollout
from .processes import BenchError
from .report import Report

FIGURES = {
    "rollout": (rollout.measure, "from a push to applied and reported, 12 devices in one wave"),
    "idle": (idle.measure, "a resident agent that has nothing to do, with TLS and default times"),
    "poll": (poll.measure, "a look at Git that finds nothing new"),
    "apply": (apply.measure, "what a release costs a device, beside what people use instead"),
    "ingest": (ingest.measure, "messages that the aggregator commits, beside mosquitto_sub"),
}


def main(programs, results, names):
    unknown = [name for name in names if name not in FIGURES]
    if unknown:
        print(f"no such figure: {unknown[0]}; there are {', '.join(FIGURES)}", file=sys.stderr)
        return 2
    # A world ends its processes on the way out, so a signal must lead there.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    for name in names or FIGURES:
        measure, title = FIGURES[name]
        report = Report(name, title, _programs(programs))
        report.begin()
        try:
            measure(report, programs)
        except (BenchError, OSError, subprocess.SubprocessError, urllib.error.URLError) as error:
            report.skip(name, str(error))
        report.save(results)
    return 0


def _programs(folder):
    """Sizes tell a debug program from a release one."""
    names = ["flotilla-agent", "flotilla-worker", "flotilla-aggregator"]
    paths = {name: f"{folder}/{name}" for name in names}
    return {
        name: {"bytes": os.stat(path).st_size} for name, path in paths.items()
        if os.path.exists(path)}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
