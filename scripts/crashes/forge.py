"""The fleet's side: signed releases, made with Git and ssh-keygen alone, and a server for them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time

from . import scenario
from .processes import CrashError, run

FLEET = "harbour"
# The branch `main` of each: what a device that looks there is told to be.
REPOSITORIES = ["first", "good", "bad", "after"]


class Forge:
    """A folder with a key, a clone and what is served. `releases` names the commits."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.releases: dict[str, str] = {}
        os.makedirs(f"{folder}/served")
        self._key = f"{folder}/key"
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", self._key)
        with open(f"{self._key}.pub") as file:
            public = " ".join(file.read().split()[:2])
        self._signers = f'operator@harbour.example namespaces="git" {public}\n'
        self._clone = f"{folder}/clone"
        run("git", "init", "--quiet", "--initial-branch=main", self._clone)
        self._time = int(time.time()) - 3_600
        first = self._release("A", scenario.OLD, None)
        good = self._release("B", scenario.NEW, first)
        bad = self._release("ill", scenario.ILL, first)
        after = self._release("C", scenario.NEW, bad)
        for name, commit in zip(REPOSITORIES, [first, good, bad, after]):
            self._serve(name, commit)

    def _release(self, name: str, edition: scenario.Edition, parent: str | None) -> str:
        """A signed release whose tree is the edition and nothing else."""
        self._git("checkout", "--quiet", *(["--detach", parent] if parent else ["--orphan", "x"]))
        self._git("rm", "-r", "-q", "--ignore-unmatch", ".")
        self._write("fleet.yaml", f"format: 1\nname: {FLEET}\nrollout: none\n")
        self._write("trust/policy.yaml", "format: 1\napprovals: {default: 1}\n")
        self._write("trust/allowed_signers", self._signers)
        self._write("bundles/site/bundle.yaml", scenario.bundle(edition))
        for path, file in edition.files.items():
            self._write(f"bundles/site/files{path}", file.text)
        self._git("add", "--all")
        self._time += 60
        self._git(
            "-c", "gpg.format=ssh", "-c", f"user.signingkey={self._key}", "commit", "--quiet",
            "--allow-empty", "-S", "-m", f"Edition {name}\n\nFlotilla-Channel: {FLEET}/main\n")
        self.releases[name] = self._git("rev-parse", "HEAD").strip()
        return self.releases[name]

    def _write(self, path: str, text: str) -> None:
        path = f"{self._clone}/{path}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)

    def _git(self, *words: str) -> str:
        moment = f"@{self._time} +0000"
        return run(
            "git", "-C", self._clone, "-c", "user.name=operator",
            "-c", "user.email=operator@harbour.example", *words,
            environment={"GIT_AUTHOR_DATE": moment, "GIT_COMMITTER_DATE": moment})

    def _serve(self, name: str, commit: str) -> None:
        bare = f"{self.folder}/served/{name}"
        run("git", "init", "--quiet", "--bare", "--initial-branch=main", bare)
        # One thread makes the same pack each time, so that each run makes the same calls.
        run("git", "-C", bare, "config", "pack.threads", "1")
        self._git("push", "--quiet", bare, f"{commit}:refs/heads/main")
        run("git", "-C", bare, "repack", "-adq")

    def anchor(self) -> str:
        """What an installer puts on the device: it trusts the first release."""
        return json.dumps({
            "format": 1, "fleet": FLEET, "channel": "main", "release": self.releases["A"],
            "allowed_signers": self._signers})


class GitServer:
    """Git's own daemon on a port of this machine; a context."""

    def __init__(self, served: str, log: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        with open(log, "ab") as output:
            self._process = subprocess.Popen(
                ["git", "daemon", f"--base-path={served}", "--export-all", "--reuseaddr",
                 "--listen=127.0.0.1", f"--port={self.port}", served],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
                env=os.environ | {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"})

    def url(self, repository: str) -> str:
        return f"git://127.0.0.1:{self.port}/{repository}"

    def __enter__(self) -> GitServer:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            if self._process.poll() is not None:
                break
            time.sleep(0.05)
        self.__exit__()
        raise CrashError("git daemon does not listen")

    def __exit__(self, *_: object) -> None:
        # `git` starts the daemon as a child of its own: the group is both.
        try:
            os.killpg(self._process.pid, 9)
        except ProcessLookupError:
            pass
        self._process.wait()
