"""A fleet repository with one bundle of many files, signed with a key of its own and served by Git's
own daemon on this machine."""

import json
import os
import random
import shutil
import tempfile

from .loopback import accepts, free_port
from .processes import Background, BenchError, run, wait_until

MEMORY = "/dev/shm" if os.path.isdir("/dev/shm") else None
FOLDERS = 40
WORDS = [
    "server", "listen", "timeout", "retry", "interface", "address", "gateway", "enabled", "path",
    "level", "0", "1", "30s", "true", "false", "/var/lib/app", "10.0.0.1", "eth0", "{", "}", "=",
]


class Source:
    """`content` is what a device is to have below /srv/many, by name."""

    def __init__(self, files, size=None, compressible=True):
        # In memory: what it writes and removes shall cost nobody who is measured.
        folder = tempfile.mkdtemp(prefix="flotilla-bench-", dir=MEMORY)
        os.chmod(folder, 0o755)
        self._home = folder
        self.folder = f"{folder}/fleet"
        self._dice = random.Random(20_261_123)
        self.content = {}
        os.makedirs(self.folder)
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", f"{folder}/key")
        with open(f"{folder}/key.pub") as file:
            self._signers = f"operator {' '.join(file.read().split()[:2])}\n"
        self._git("init", "--quiet", "--initial-branch=main")
        for name, value in {
            "user.name": "operator", "user.email": "operator@example.org", "gpg.format": "ssh",
            "user.signingkey": f"{folder}/key", "gc.auto": "0", "core.compression": "6",
        }.items():
            self._git("config", name, value)
        self._write("fleet.yaml", b"format: 1\nname: bench\n")
        self._write("trust/policy.yaml", b"format: 1\n")
        self._write("trust/allowed_signers", self._signers.encode())
        self._write("bundles/many/bundle.yaml", b"""match: ""
directories:
  - {path: /srv/many, source: many}
health: {settle: 0s}
""")
        for number in range(files):
            name = f"{number % FOLDERS:02}/file-{number}.conf"
            self._put(name, self._bytes(size or self._dice.randint(1024, 8192), compressible))
        self._release("First")
        # As a server has it. Later releases are a few objects, which it packs when they are asked for.
        self._git("repack", "-adq")
        self._serve(folder)

    def _bytes(self, size, compressible):
        if not compressible:
            return self._dice.randbytes(size)
        text = ""
        while len(text) < size:
            text += " ".join(self._dice.choices(WORDS, k=6)) + f" {self._dice.random()}\n"
        return text[:size].encode()

    def _put(self, name, content):
        self.content[name] = content
        self._write(f"bundles/many/many/{name}", content)

    def _write(self, path, content):
        os.makedirs(os.path.dirname(f"{self.folder}/{path}"), exist_ok=True)
        with open(f"{self.folder}/{path}", "wb") as file:
            file.write(content)

    def _git(self, *words):
        return run("git", "-C", self.folder, *words, timeout=300)

    def _release(self, subject):
        self._git("add", "--all")
        self._git(
            "commit", "--quiet", "-S", "-m", f"{subject}\n\nFlotilla-Channel: bench/main")
        self.head = self._git("rev-parse", "HEAD").strip()

    def change(self, count):
        """A release with that many files changed."""
        for name in self._dice.sample(sorted(self.content), count):
            self._put(name, self.content[name] + b"changed\n")
        self._release("Change")

    def anchor(self):
        first = self._git("rev-list", "--max-parents=0", "HEAD").strip()
        return json.dumps({
            "format": 1, "fleet": "bench", "channel": "main", "release": first,
            "allowed_signers": self._signers})

    def _serve(self, folder):
        port = free_port()
        self.url = f"git://127.0.0.1:{port}/fleet"
        self._server = Background(
            "git daemon",
            ["/usr/lib/git-core/git-daemon", "--listen=127.0.0.1", f"--port={port}",
                f"--base-path={folder}", "--export-all", "--enable=upload-archive", folder],
            f"{folder}/daemon.log")
        wait_until("the Git server listens", lambda: accepts(port) or not self._server.runs, 20)
        if not self._server.runs:
            raise BenchError(f"git daemon does not start: {self._server.last_words()}")

    def end(self):
        self._server.end()
        shutil.rmtree(self._home, ignore_errors=True)
