"""Courses: runs of the agent that are cut at each of their points."""

from __future__ import annotations

from dataclasses import dataclass

from .tree import Picture

# Nobody listens there: a device that looks there goes on without its server.
NOWHERE = "git://127.0.0.1:1/nowhere"


@dataclass(frozen=True)
class Course:
    name: str
    # The folder with the device as it is before the run.
    start: str
    # The agent's command, and where it looks for releases.
    words: list[str]
    url: str
    # The editions of which one must stand there, whole, after the first recovery, and the one with
    # which an undisturbed run ends.
    editions: list[str]
    aims_at: str
    # Where it looks afterwards, and the release with which it must end.
    last_url: str
    last_release: str

    @property
    def is_boot(self) -> bool:
        """It is what runs at a boot, before anything that reads its settings."""
        return self.words == ["recover"]


@dataclass(frozen=True)
class References:
    """What an undisturbed device has, by edition, and which releases bring which edition."""

    pictures: dict[str, Picture]
    editions: dict[str, str]
