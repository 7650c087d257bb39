"""All that is made before the first point is tried: the fleet and its server, devices that took
each way once without being disturbed, the courses, and their points."""

from __future__ import annotations

from dataclasses import replace

from . import scenario
from .courses import NOWHERE, Course, References
from .forge import Forge, GitServer
from .lanes import Lane
from .points import Point
from .processes import CrashError
from .tree import Picture, differences, digest


class World:
    """`courses` by name, and `points` of each in the order of its clean run."""

    def __init__(self, folder: str, forge: Forge, server: GitServer, lane: Lane) -> None:
        self._folder = folder
        self._forge = forge
        self._server = server
        self._lane = lane
        self.courses: dict[str, Course] = {}
        self.points: dict[str, list[Point]] = {}
        releases = forge.releases
        old = lane.ask("install", forge.anchor(), server.url("first"), f"{folder}/A")
        forward = Course(
            "forward", f"{folder}/A", ["sync"], server.url("good"), ["A", "B"], "B",
            server.url("good"), releases["B"])
        new = self._reached(forward, releases["B"])
        _check(old, scenario.OLD, "A")
        _check(new, scenario.NEW, "B")
        self.references = References(
            {"A": old, "B": new, "ill": _ill(new)},
            {releases["A"]: "A", releases["B"]: "B", releases["C"]: "B", releases["ill"]: "ill"})
        lane.ask("know", self.references)
        back = Course(
            "back", f"{folder}/A", ["sync"], server.url("bad"), ["A"], "A", server.url("after"),
            releases["C"])
        left = differences(self._reached(back, releases["A"]), old)
        if left:
            raise CrashError(f"the undisturbed way back ends elsewhere: {left}")
        self._add(forward)
        self._add(back)
        # Up to its gate, the way to the bad release is the way to the good one.
        self.points["back"] = _after_the_turn(self.points["back"])
        self._recoveries(forward)
        self._recoveries(back)

    def _reached(self, course: Course, release: str) -> Picture:
        found, status, left = self._lane.ask("undisturbed", course)
        if status["generationRevision"] != release or not status["confirmed"]:
            raise CrashError(f"undisturbed, {course.name} ends with {status}")
        if left:
            raise CrashError(f"undisturbed, {course.name} leaves {left}")
        picture: Picture = found
        return picture

    def _add(self, course: Course) -> None:
        self.courses[course.name] = course
        self.points[course.name] = self._lane.ask("enumerate", course)

    def _recoveries(self, course: Course) -> None:
        """Courses for each state of the journal in which a death can leave a device: the agent's
        start, and the command that comes before it at a boot."""
        for number, point in enumerate(_one_of_each_state(self.points[course.name])):
            start = f"{self._folder}/corpse-{course.name}-{number}"
            state = self._lane.ask("corpse", course, point, start) or "no-journal"
            name = f"recovery-{state}"
            if name in self.courses:
                continue
            recovery = replace(
                course, name=name, start=start, words=["sync"], url=NOWHERE)
            _, status, _ = self._lane.ask("undisturbed", recovery)
            edition = self.references.editions[status["generationRevision"]]
            recovery = replace(recovery, editions=[edition], aims_at=edition)
            self._add(recovery)
            self._add(replace(recovery, name=f"boot-{state}", words=["recover"]))


def _ill(new: Picture) -> Picture:
    """A device on its way back may be made whole as what it goes back from, until its agent goes on."""
    text = scenario.ILL.files[scenario.HEALTH].text
    return new | {
        scenario.HEALTH: replace(new[scenario.HEALTH], content=digest(text.encode()))}


def _check(found: Picture, edition: scenario.Edition, name: str) -> None:
    """The product's own result against the page that says what it should be."""
    wanted = {path: ("link" if file.linked else "file", None if file.linked else file.mode)
              for path, file in edition.files.items()}
    wanted |= {path: ("link", None) for path in edition.links}
    wanted |= {path: ("folder", directory.mode) for path, directory in edition.directories.items()}
    for path, (kind, mode) in wanted.items():
        entry = found.get(path)
        if not entry or entry.kind != kind or mode not in [None, entry.mode]:
            raise CrashError(f"undisturbed, {path} of edition {name} is {entry}")
    for folder, directory in edition.directories.items():
        for path in found if directory.owned else []:
            if path.startswith(f"{folder}/") and path not in wanted:
                raise CrashError(f"undisturbed, {path} of edition {name} is still there")


def _turns(points: list[Point]) -> list[int]:
    """The places in the list after which the journal or `current` says something else."""
    return [
        place for place, point in enumerate(points) if point.role == "agent" and (
            point.call.startswith("rename")
            and point.about.endswith(('"journal.json", 0', '"current", 0'))
            or point.call.startswith("unlink") and '"journal.json"' in point.about)]


def _after_the_turn(points: list[Point]) -> list[Point]:
    """From the ledger that tells of the failure, which is written just before the second journal that
    says `flipping`: the way back's."""
    writes = [
        (place, point.about) for place, point in enumerate(points)
        if point.role == "agent" and point.call == "write"]
    journals = [place for place, about in writes if "flipping" in about]
    return points[max(place for place, about in writes if "ledger.json" in about
                      and place < journals[1]):]


def _one_of_each_state(points: list[Point]) -> list[Point]:
    """The middle point of each stretch in which the journal says one thing."""
    ends = [*_turns(points), len(points) - 1]
    begins = [0, *[place + 1 for place in ends]]
    return [points[(begin + end + 1) // 2] for begin, end in zip(begins, ends) if begin <= end]
