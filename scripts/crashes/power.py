"""A device on a file system of its own, and the power cut: `FS_IOC_SHUTDOWN` without a flush of the
log, after which everything that was not made durable is gone, as it is on a real disk."""

from __future__ import annotations

import fcntl
import os
import shutil
import struct

from .processes import CrashError, run

_FS_IOC_SHUTDOWN = 0x8004587D
_NO_LOG_FLUSH = 2

# The smallest that each can be made with some room; they are sparse.
_SIZES = {"ext4": "128M", "xfs": "320M"}
_MAKERS = {"ext4": ["mkfs.ext4", "-q", "-F"], "xfs": ["mkfs.xfs", "-q", "-f"]}
FILE_SYSTEMS = list(_SIZES)


class Disk:
    """An image in a file, mounted at a folder. The loop device goes with the mount, and the mount
    with the lane or with whoever uses this as a context."""

    def __init__(self, image: str, folder: str) -> None:
        self.image = image
        self.folder = folder
        self._is_mounted = False

    @staticmethod
    def make(file_system: str, image: str) -> None:
        """A new, empty image."""
        run("truncate", "-s", _SIZES[file_system], image)
        run(*_MAKERS[file_system], image)

    def mount(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder, exist_ok=True)
        run("mount", "-o", "loop", self.image, self.folder)
        self._is_mounted = True

    def settle(self) -> None:
        """What was written so far will be there after a cut."""
        run("sync", "--file-system", self.folder)

    def cut(self) -> None:
        """The power goes. Whatever runs gets errors from now on."""
        descriptor = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.ioctl(descriptor, _FS_IOC_SHUTDOWN, struct.pack("I", _NO_LOG_FLUSH))
        finally:
            os.close(descriptor)

    def unmount(self) -> None:
        if self._is_mounted:
            run("umount", self.folder)
            self._is_mounted = False

    def __enter__(self) -> Disk:
        self.mount()
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.unmount()
        except CrashError:
            # Somebody is still in it: it goes when he does.
            run("umount", "--lazy", self.folder)


def obstacle(folder: str) -> str:
    """Why this machine can't cut the power; empty where it can."""
    for file_system in FILE_SYSTEMS:
        image = f"{folder}/trial-{file_system}"
        try:
            Disk.make(file_system, image)
            with Disk(image, f"{folder}/trial") as disk:
                disk.cut()
        except (CrashError, OSError) as error:
            return f"{file_system} on a loop device: {error}"
        finally:
            if os.path.exists(image):
                os.unlink(image)
    return ""
