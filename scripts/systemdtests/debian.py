"""A Debian root with systemd: made once, kept outside of the repository, unpacked for each run."""

import hashlib
import os
import platform
import shutil

from .commands import Failed, Skipped, attempt, passed_on, run

# What the agent's package depends on, so that dpkg installs it without a network.
PACKAGES = [
    "systemd", "systemd-sysv", "dbus", "ca-certificates", "init-system-helpers",
    "libgit2-1.5", "libssl3", "libyaml-0-2", "libjansson4", "libmosquitto1", "libstdc++6",
]
PROXIES = ["http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"]
SUITE = "bookworm"


def root_archive():
    """The root as a tar in the cache; made where it is not there yet."""
    cache = os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "flotilla")
    names = " ".join([SUITE, platform.machine(), *PACKAGES])
    archive = f"{cache}/{SUITE}-{hashlib.sha256(names.encode()).hexdigest()[:12]}.tar"
    if os.path.exists(archive):
        return archive
    os.makedirs(cache, exist_ok=True)
    part = f"{cache}/{os.getpid()}.part.tar"
    environment = {name: value for proxy in PROXIES for name, value in passed_on(proxy).items()}
    try:
        outcome = attempt(
            "mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(PACKAGES)}",
            SUITE, part, *_mirrors(), timeout=600, environment=environment)
        if outcome.returncode != 0:
            said = " / ".join(outcome.stderr.strip().splitlines()[-3:])
            raise Skipped(f"mmdebstrap makes no Debian root here: {said}")
        os.rename(part, archive)
    except Failed as slow:
        raise Skipped(str(slow)) from None
    finally:
        if os.path.exists(part):
            os.remove(part)
    return archive


def _mirrors():
    """Where this machine itself has its Debian from; nothing where that is not told apart from
    other sources, and then mmdebstrap takes Debian's own servers."""
    for file in ["/etc/apt/sources.list.d/debian.sources", "/etc/apt/sources.list"]:
        if not os.path.exists(file):
            continue
        with open(file) as text:
            lines = [line for line in text if line.strip() and not line.startswith("#")]
        if lines and SUITE in "".join(lines):
            return [file]
    return []


class Image:
    """A root on a file system of its own, in a file."""

    size = "700M"

    def __init__(self, path):
        self.path = path

    def make(self, archive, mountpoint):
        run("truncate", "-s", self.size, self.path)
        run("mkfs.ext4", "-q", "-F", self.path)
        self.mount(mountpoint)
        run("tar", "-xf", archive, "-C", mountpoint, timeout=300)
        self.unmount(mountpoint)

    def copy(self, path):
        run("cp", "--sparse=always", self.path, path, timeout=300)
        return Image(path)

    def mount(self, mountpoint):
        os.makedirs(mountpoint, exist_ok=True)
        run("mount", "-o", "loop", self.path, mountpoint)

    def is_in_use(self):
        return bool(run("losetup", "-j", self.path).strip())

    def unmount(self, mountpoint):
        run("umount", mountpoint)


def check_tools():
    """Says what is missing for any of this."""
    if os.geteuid() != 0:
        raise Skipped("a container is started by root alone")
    needed = ["systemd-nspawn", "mmdebstrap", "ip", "nsenter", "mkfs.ext4", "git", "ssh-keygen"]
    path = "/usr/sbin:/usr/bin:/sbin:/bin"
    missing = [tool for tool in needed if not shutil.which(tool, path=path)]
    if missing:
        raise Skipped(f"not installed: {', '.join(missing)}")
