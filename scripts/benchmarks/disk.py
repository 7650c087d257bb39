"""A disk of its own for what is measured: a fresh ext4 in an image. What others did to the machine's own
disk (thousands of files removed a minute ago make new ones expensive) is not measured then."""

import os
import shutil
import tempfile

from .processes import attempt

SIZE = 4 << 30


class Disk:
    """A context whose `folder` is on it; `note` says what it is."""

    def __enter__(self):
        self._home = tempfile.mkdtemp(prefix="flotilla-bench-")
        self.folder = f"{self._home}/disk"
        os.mkdir(self.folder)
        self._mounted = False
        image = f"{self._home}/image"
        with open(image, "wb") as file:
            file.truncate(SIZE)
        problem = ""
        for words in [
            ("mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", image),
            ("mount", "-o", "loop", image, self.folder),
        ]:
            outcome = attempt(*words, timeout=300)
            if outcome.returncode != 0:
                problem = outcome.stderr.strip()[:200]
                break
        else:
            self._mounted = True
        self.note = (
            "on a fresh ext4 with a journal, in an image on this machine's disk"
            if self._mounted else f"on this machine's own file system, for {problem}")
        # The user who fetches passes through both.
        os.chmod(self._home, 0o755)
        os.chmod(self.folder, 0o755)
        return self

    def __exit__(self, *_):
        if self._mounted:
            attempt("umount", "-l", self.folder)
        shutil.rmtree(self._home, ignore_errors=True)
