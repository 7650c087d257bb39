"""A picture of a folder: every byte, mode, owner, extended attribute and link of it."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from typing import Callable


@dataclass(frozen=True)
class Entry:
    """What stands at one path. Times are left out: writing a file again changes them."""

    kind: str
    mode: int
    owner: tuple[int, int]
    # A digest of the bytes, or where a link leads.
    content: str
    attributes: tuple[tuple[str, bytes], ...]
    # Names that share the bytes: an edit of one would change the others.
    names: int

    def __str__(self) -> str:
        parts = [f"{self.kind} {self.mode:04o} {self.owner[0]}:{self.owner[1]}"]
        if self.content:
            parts.append(self.content[:40])
        if self.attributes:
            parts.append(str(dict(self.attributes)))
        if self.names > 1:
            parts.append(f"{self.names} names")
        return " ".join(parts)


Picture = dict[str, Entry]


def picture(root: str, leaves_out: Callable[[str], bool]) -> Picture:
    """Everything below `root` but the paths that `leaves_out` names, with all below them."""
    found: Picture = {}
    folders = ["/"]
    while folders:
        folder = folders.pop()
        for name in os.listdir(root + folder):
            path = folder + name if folder == "/" else f"{folder}/{name}"
            if leaves_out(path):
                continue
            entry = _entry(root + path)
            found[path] = entry
            if entry.kind == "folder":
                folders.append(path)
    return found


def _entry(path: str) -> Entry:
    status = os.lstat(path)
    attributes = tuple(
        (name, os.getxattr(path, name, follow_symlinks=False))
        for name in sorted(os.listxattr(path, follow_symlinks=False)))
    kind, content, names = "other", "", 1
    if stat.S_ISDIR(status.st_mode):
        kind = "folder"
    elif stat.S_ISLNK(status.st_mode):
        kind, content = "link", os.readlink(path)
    elif stat.S_ISREG(status.st_mode):
        kind, names = "file", status.st_nlink
        with open(path, "rb") as file:
            content = digest(file.read())
    return Entry(
        kind, stat.S_IMODE(status.st_mode), (status.st_uid, status.st_gid), content, attributes,
        names)


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def differences(found: Picture, wanted: Picture) -> list[str]:
    """What is not as it should be, a line for each path."""
    lines = []
    for path in sorted(found.keys() | wanted.keys()):
        here, there = found.get(path), wanted.get(path)
        if here != there:
            lines.append(f"{path}: {here or 'nothing'}, not {there or 'nothing'}")
    return lines
