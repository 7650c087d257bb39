"""`python3 -m crashes PROGRAMS [KIND...] [OPTIONS]`, called by scripts/crash, which has the help."""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import sys
import tempfile
import time

from . import lanes, trials
from .forge import Forge, GitServer
from .lanes import Lane
from .processes import CrashError
from .report import Report
from .trials import Trial
from .world import World


def options(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/crash")
    parser.add_argument("programs")
    # With `choices`, this Python refuses that none is given.
    parser.add_argument("kinds", nargs="*", metavar="KIND")
    parser.add_argument("--share", type=int, help="at most so many points of each kind")
    parser.add_argument("--minutes", type=float, help="as many points as fit into this time")
    parser.add_argument("--cuts", type=int, default=200, help="how often the power is cut")
    parser.add_argument("--seed", type=int, default=20261127)
    parser.add_argument("--lanes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", default="", help="points whose name has this in it")
    wanted = parser.parse_args(words)
    for kind in wanted.kinds:
        if kind not in trials.KINDS:
            parser.error(f"`{kind}` is none of {', '.join(trials.KINDS)}")
    return wanted


def main(words: list[str]) -> int:
    wanted = options(words)
    kinds = wanted.kinds or ["deaths", "errors"]
    began = time.monotonic()
    if os.geteuid() != 0:
        raise CrashError("devices' files belong to root, so this must run as root")
    obstacle = lanes.obstacle()
    if obstacle:
        print(f"skipped: {obstacle}")
        return 0
    with contextlib.ExitStack() as stack:
        folder = tempfile.mkdtemp(prefix="flotilla-crash-")
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        # The user who fetches passes through it.
        os.chmod(folder, 0o755)
        crew = [
            stack.enter_context(Lane(f"{folder}/lane-{number}", wanted.programs))
            for number in range(max(1, wanted.lanes))]
        obstacle = crew[0].ask("power_obstacle") if "cuts" in kinds else ""
        if obstacle:
            print(f"skipped: {obstacle}")
            return 0
        forge = Forge(f"{folder}/forge")
        server = stack.enter_context(GitServer(f"{folder}/forge/served", f"{folder}/git.log"))
        world = World(folder, forge, server, crew[0])
        for lane in crew[1:]:
            lane.ask("know", world.references)
        for name, points in world.points.items():
            print(f"{name}: {len(points)} points, from {points[0].name} on")
        print(f"prepared in {time.monotonic() - began:.0f} s", flush=True)
        # However slow a machine is, some points are tried.
        until = time.monotonic() + 60 * wanted.minutes if wanted.minutes else float("inf")
        return attempt(wanted, kinds, world, crew, until, began)


def attempt(
    wanted: argparse.Namespace, kinds: list[str], world: World, crew: list[Lane], until: float,
    began: float
) -> int:
    possible = {
        "deaths": lambda: trials.deaths(world, wanted.seed),
        "errors": lambda: trials.failures(world, wanted.seed),
        "cuts": lambda: trials.cuts(world, wanted.seed, wanted.cuts),
    }
    found = {kind: possible[kind]() for kind in kinds}
    report = Report()
    chosen = {
        kind: [trial for trial in all_of_it if wanted.only in trial.name][:wanted.share]
        for kind, all_of_it in found.items()}
    for trial, verdict in trials.carry_out(side_by_side(chosen), crew, until):
        report.add(trial, verdict)
    for kind, all_of_it in found.items():
        report.tell(kind, len(all_of_it))
    report.tell_all()
    print(f"took {time.monotonic() - began:.0f} s in {len(crew)} lanes with seed {wanted.seed}")
    title = "power" if kinds == ["cuts"] else "crash"
    print(
        f"{title}: {report.tried} points, {report.count('torn')} torn, "
        f"{report.count('stuck')} stuck", flush=True)
    return 0 if report.is_well else 1


def side_by_side(lists: dict[str, list[Trial]]) -> list[Trial]:
    """One of each kind in turn, so that a time that ends early ends all of them."""
    longest = max(len(trials) for trials in lists.values())
    return [
        trials[place] for place in range(longest) for trials in lists.values()
        if place < len(trials)]


if __name__ == "__main__":
    # A context ends its lanes on the way out, so a signal must lead there.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        sys.exit(main(sys.argv[1:]))
    except CrashError as error:
        print(f"crash: {error}", file=sys.stderr)
        sys.exit(1)
