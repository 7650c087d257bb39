"""What is tried at points, and what came of it."""

from __future__ import annotations

import queue
import threading
import time
from dataclasses import dataclass
from typing import Any, Iterator

from . import errors
from .courses import Course
from .lanes import Lane
from .points import Point, spread
from .power import FILE_SYSTEMS
from .processes import CrashError
from .verdict import Verdict
from .world import World

KINDS = ["deaths", "errors", "cuts"]


@dataclass(frozen=True)
class Trial:
    kind: str
    course: Course
    point: Point
    # The error, or the file system.
    variety: str = ""
    is_confirmed: bool = False

    @property
    def name(self) -> str:
        return " ".join([self.kind, self.variety, self.point.name]).replace("  ", " ")

    def carry_out(self, lane: Lane) -> Verdict:
        order: tuple[Any, ...] = {
            "deaths": ("death", self.course, self.point),
            "errors": ("failure", self.course, self.point, self.variety),
            "cuts": ("cut", self.course, self.point, self.variety, self.is_confirmed),
        }[self.kind]
        verdict: Verdict = lane.ask(*order)
        return verdict


def deaths(world: World, seed: int) -> list[Trial]:
    points = [point for found in world.points.values() for point in found]
    return [
        Trial("deaths", world.courses[point.course], point)
        for point in spread(points, len(points), seed)]


def failures(world: World, seed: int) -> list[Trial]:
    """Every error at every call."""
    points = [
        point for found in world.points.values() for point in found if point.role in errors.ROLES]
    names = list(errors.TEXTS)
    order = spread(points, len(points), seed)
    # Each round through all points takes another error at each of them.
    return [
        Trial("errors", world.courses[point.course], point, names[(place + turn) % len(names)])
        for turn in range(len(names)) for place, point in enumerate(order)]


def cuts(world: World, seed: int, count: int) -> list[Trial]:
    """Half of them on each file system."""
    points = [point for name in ["forward", "back"] for point in world.points[name]]
    confirmed = _confirmed_from(world.points["forward"])
    chosen = spread(points, count, seed)
    return [
        Trial(
            "cuts", world.courses[point.course], point, FILE_SYSTEMS[place % len(FILE_SYSTEMS)],
            point.course == "forward" and point.moment >= confirmed)
        for place, point in enumerate(chosen)]


def _confirmed_from(points: list[Point]) -> float:
    """The moment at which the ledger that confirms was durable: whatever comes later may have been
    told to somebody."""
    agent = [point for point in points if point.role == "agent"]
    renames = [
        place for place, point in enumerate(agent)
        if point.call.startswith("rename") and point.about.endswith('"ledger.json", 0')]
    # After the rename comes the fsync of its folder, and then it is so.
    return agent[renames[-1] + 2].moment


def carry_out(
    trials: list[Trial], lanes: list[Lane], until: float
) -> Iterator[tuple[Trial, Verdict]]:
    """Tries them side by side, in their order, as long as there is time."""
    waiting: queue.SimpleQueue[Trial] = queue.SimpleQueue()
    for trial in trials:
        waiting.put(trial)
    done: queue.SimpleQueue[tuple[Trial, Verdict] | CrashError | None] = queue.SimpleQueue()

    def work(lane: Lane) -> None:
        try:
            while time.monotonic() < until:
                trial = waiting.get_nowait()
                done.put((trial, trial.carry_out(lane)))
        except queue.Empty:
            pass
        except CrashError as error:
            done.put(error)
        done.put(None)

    for lane in lanes:
        threading.Thread(target=work, args=(lane,), daemon=True).start()
    working = len(lanes)
    while working:
        result = done.get()
        if result is None:
            working -= 1
        elif isinstance(result, CrashError):
            raise result
        else:
            yield result
