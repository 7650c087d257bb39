"""Points: the calls of one clean run that write, or change names or metadata, each by its role, the
run of that role, the call, and the how-manieth of these calls it is."""

from __future__ import annotations

import re
from dataclasses import dataclass

# A call that a machine's kernel does not have is passed over, which the question mark says.
CALLS = [
    "open", "openat", "openat2", "creat", "write", "pwrite64", "writev", "pwritev", "pwritev2",
    "rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat", "unlink",
    "unlinkat", "mkdir", "mkdirat", "rmdir", "mknod", "mknodat", "chmod", "fchmod", "fchmodat",
    "fchmodat2", "chown", "fchown", "lchown", "fchownat", "setxattr", "lsetxattr", "fsetxattr",
    "removexattr", "lremovexattr", "fremovexattr", "truncate", "ftruncate", "fallocate", "fsync",
    "fdatasync", "sync", "syncfs", "sync_file_range", "msync", "utimensat", "copy_file_range",
    "sendfile", "splice", "mount", "umount2",
]
_OPENS = {"open", "openat", "openat2", "creat"}
_WRITING = re.compile(r"O_(CREAT|WRONLY|RDWR|TRUNC)")
# `-ttt -y`: seconds, call, arguments with the paths of descriptors, result.
_LINE = re.compile(r"^(\d+\.\d+) (\w+)\((.*)\) += (-?\w+)")


@dataclass(frozen=True)
class Point:
    course: str
    role: str
    # Which of the processes with this role, from 1.
    run: int
    call: str
    # Which of the process's calls of this name, from 1.
    number: int
    # When the clean run made it, in seconds of the clock.
    moment: float
    # Its arguments, for people, and to see that the same call is met again.
    about: str

    @property
    def name(self) -> str:
        return f"{self.course} {self.role}.{self.run} {self.call} {self.number}"

    def __str__(self) -> str:
        return f"{self.name} ({self.about[:160]})"


def tracing(log: str) -> list[str]:
    """strace's words for a run that is only looked at."""
    calls = ",".join(f"?{call}" for call in CALLS)
    return ["strace", "-D", "-q", "-y", "-ttt", "-s", "400", "-o", log, "-e", f"trace={calls}"]


def striking(log: str, point: Point, action: str) -> list[str]:
    """strace's words for a run to which something happens at the point: `signal=KILL`, which comes
    before the call has an effect, or `error=EIO`, which comes instead of it."""
    return [
        "strace", "-D", "-q", "-y", "-ttt", "-s", "400", "-o", log, "-e", f"trace={point.call}",
        "-e", f"inject={point.call}:{action}:when={point.number}"]


def read(text: str, course: str, role: str, run: int, root: str) -> list[Point]:
    """The points of one traced process: what it changed below `root`. Calls that failed changed
    nothing, and what is no file's (pipes, control groups) does not last."""
    counts: dict[str, int] = {}
    points = []
    for line in text.splitlines():
        found = _LINE.match(line)
        if not found:
            continue
        moment, call, about, result = found.groups()
        counts[call] = counts.get(call, 0) + 1
        if result.startswith("-") or root not in about and call not in ["sync", "msync"]:
            continue
        if call in _OPENS and not _WRITING.search(about):
            continue
        points.append(
            Point(course, role, run, call, counts[call], float(moment), plain(about, root)))
    return points


def plain(about: str, root: str) -> str:
    """Arguments as every lane has them: without the lane's folder and the numbers of descriptors."""
    return re.sub(r"\b\d+<", "<", about.replace(root, ""))


def spread(points: list[Point], count: int, seed: int) -> list[Point]:
    """`count` points in the order in which they are best tried: first one of each kind of call of
    each role, then evenly over all the others. The same for the same seed."""
    order = evenly(points, seed)
    firsts: dict[tuple[str, str, str], Point] = {}
    for point in order:
        firsts.setdefault((point.course, point.role, point.call), point)
    begins = list(firsts.values())
    chosen = set(begins)
    return (begins + [point for point in order if point not in chosen])[:count]


def evenly(points: list[Point], seed: int) -> list[Point]:
    """All of them, in an order of which every beginning is spread evenly: the bits of each place,
    turned round, visit halves, quarters, eighths."""
    bits = max(1, (len(points) - 1).bit_length())

    def rank(index: int) -> int:
        place = (index + seed) % len(points)
        return int(f"{place:0{bits}b}"[::-1], 2)

    return [points[index] for index in sorted(range(len(points)), key=rank)]
