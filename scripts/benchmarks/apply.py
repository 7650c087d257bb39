"""What a release costs a device: the first apply, one changed file, none, and ten files healed.
Beside it what people use instead, on the same files and the same disk.

Nothing is removed before the end: ext4 looks long for a free inode where many were freed in the last
seconds, and that would be measured instead."""

import os
import random
import shutil

from .disk import Disk
from .measure import median, usage_of_run
from .processes import BenchError, attempt, run
from .tree import Source

RUNS = int(os.environ.get("BENCH_RUNS", "7"))
FILES = 1000
HEALED = 10
MIB = 2**20
LARGE = 32 * MIB


def measure(report, programs):
    if os.geteuid() != 0:
        raise BenchError("devices' files belong to root, so this must run as root")
    with Disk() as disk:
        report.note(f"devices and peers: {disk.note}; the remote: in memory")
        for name, part in [("small", _small), ("large", _large), ("many", _many)]:
            os.mkdir(f"{disk.folder}/{name}")
            part(report, programs, f"{disk.folder}/{name}")


class Fresh:
    """A device without anything, below a folder of its own."""

    count = 0

    def __init__(self, programs, folder, source):
        Fresh.count += 1
        self.root = f"{folder}/device-{Fresh.count}"
        self.programs = programs
        for path in ["etc/flotilla", "run", "var/lib", "srv"]:
            os.makedirs(f"{self.root}/{path}")
        self._write("etc/os-release", 'ID=debian\nVERSION_ID="12"\n')
        self._write("etc/flotilla/anchor", source.anchor())
        self._write("etc/flotilla/agent.yaml", f"""\
device: gw-1
channel: main
repository: {{url: "{source.url}", fetchUser: nobody}}
services: none
maxDisk: 512MiB
""")

    def _write(self, path, text):
        with open(f"{self.root}/{path}", "w") as file:
            file.write(text)

    def sync(self):
        """The whole command: the agent, its fetch and its stage."""
        return self._run([f"{self.programs}/flotilla-agent", "sync", "--root", self.root])

    def worker(self, *words):
        return self._run([f"{self.programs}/flotilla-worker", *words, "--root", self.root])

    def _run(self, words):
        log = f"{self.root}.log"
        usage = usage_of_run(words, log=log)
        if usage.status != 0:
            with open(log, errors="replace") as file:
                raise BenchError(f"`{' '.join(words)}`: {file.read()[-400:]}")
        return usage

    def expect(self, source):
        """A device that did not do its work in this time was not measured."""
        for name, text in source.content.items():
            with open(f"{self.root}/srv/many/{name}", "rb") as file:
                if file.read() != text:
                    raise BenchError(f"{name} is not what it should be on {self.root}")


def _small(report, programs, folder):
    source = Source(FILES)
    try:
        first, staged = [], []
        for _ in range(RUNS):
            device = Fresh(programs, folder, source)
            run("sync")
            first.append(device.sync())
            device.expect(source)
            device = Fresh(programs, folder, source)
            device.worker("fetch")
            staged.append(device.worker("stage", "--tip", source.head))
        _tell(report, "first apply, 1,000 files, durable", first, wall=250, cpu=150)
        _tell(report, "of it the worker that stages", staged)
        report.goal(
            "peak RSS of the worker that stages", max(u.rss for u in staged) / MIB, 24.0, "MiB")
        device = Fresh(programs, folder, source)
        device.sync()
        _settled(report, programs, folder, source, device)
        _peers(report, folder, source, first)
    finally:
        source.end()


def _settled(report, programs, folder, source, device):
    changed, idle, healed, bare = [], [], [], []
    for number in range(RUNS):
        source.change(1)
        changed.append(device.sync())
        idle.append(device.sync())
        for name in random.Random(number).sample(sorted(source.content), HEALED):
            with open(f"{device.root}/srv/many/{name}", "ab") as file:
                file.write(b"edited\n")
        healed.append(device.sync())
        bare.append(usage_of_run([f"{programs}/flotilla-worker"], log=f"{folder}/log"))
    device.expect(source)
    _tell(report, "one changed file", changed, cpu=30)
    _tell(report, "nothing new, all files looked at", idle, cpu=15)
    _tell(report, "ten files healed", healed, cpu=25)
    _tell(report, "a worker that does nothing, of which each of these has two or three", bare)
    source.change(1)
    writes = _writes(device)
    report.value("files that one changed file makes written", writes["files"])
    report.value("of them with content of the release", writes["managed"])
    report.value("synchronising calls", writes["syncs"])


def _writes(device):
    """Counts what a release with one changed file writes, by strace."""
    log = f"{device.root}.strace"
    outcome = attempt(
        "strace", "-f", "-qq", "-o", log, "-e",
        "trace=openat,openat2,fsync,fdatasync,syncfs", f"{device.programs}/flotilla-agent", "sync",
        "--root", device.root)
    if outcome.returncode != 0:
        raise BenchError(f"sync under strace: {outcome.stderr[-300:]}")
    with open(log) as file:
        lines = [line for line in file if " = -1 " not in line]
    made = [line for line in lines if "O_CREAT" in line]
    return {
        "files": len(made),
        "managed": sum(".flotilla-" in line for line in made),
        "syncs": sum("sync" in line.split("(")[0] for line in lines),
    }


def _large(report, programs, folder):
    """A file that no delta helps with, far larger than all that a worker may take."""
    source = Source(1, size=LARGE, compressible=False)
    try:
        device = Fresh(programs, folder, source)
        fetched = device.worker("fetch")
        staged = device.worker("stage", "--tip", source.head)
        report.goal("a file of 32 MiB: peak RSS of stage", staged.rss / MIB, 24.0, "MiB")
        report.value("the same of fetch", fetched.rss / MIB, "MiB")
        report.value("the same: CPU of stage", staged.cpu * 1000, "ms")
        device = Fresh(programs, folder, source)
        device.sync()
        device.expect(source)
    finally:
        source.end()


def _many(report, programs, folder):
    """Ten times as many files must not cost much more than ten times as much."""
    costs = {}
    for count in [FILES, 10 * FILES]:
        source = Source(count)
        try:
            runs = [Fresh(programs, folder, source).sync() for _ in range(3)]
            costs[count] = median([usage.cpu for usage in runs])
            if count > FILES:
                _tell(report, "first apply, 10,000 files", runs)
        finally:
            source.end()
    ratio = costs[10 * FILES] / costs[FILES]
    report.goal("CPU of 10,000 files, as a multiple of 1,000", ratio, 12.0, "x")


def _tell(report, name, usages, wall=None, cpu=None):
    for what, goal, values in [
        ("wall", wall, [usage.wall * 1000 for usage in usages]),
        ("CPU", cpu, [usage.cpu * 1000 for usage in usages]),
    ]:
        text = f"{name}: {what}, median of {len(usages)}"
        if goal is None:
            report.value(text, median(values), "ms")
        else:
            report.goal(text, median(values), float(goal), "ms")


# What people use instead

def _peers(report, folder, source, ours):
    mine = median([usage.wall for usage in ours]), median([usage.cpu for usage in ours])
    script = f"{folder}/peer.sh"
    for name, needs, text in [
        ("git fetch + reset --hard, then syncfs", "git", """
            git init -q "$target"; cd "$target"
            git fetch -q "$url" main; git reset -q --hard FETCH_HEAD; sync -f ."""),
        ("git archive | rsync --checksum --fsync", "rsync", """
            mkdir -p "$target" "$target.x"
            git archive --remote="$url" main | tar x -C "$target.x"
            rsync -a --checksum --fsync "$target.x/" "$target/" """),
    ]:
        if not shutil.which(needs):
            report.skip(name, f"there is no {needs} here")
            continue
        with open(script, "w") as file:
            file.write(f"set -eu\n{text}\n")
        usages, again = [], []
        for number in range(RUNS):
            target = f"{folder}/{needs}-{number}"
            environment = {
                "PATH": os.environ["PATH"], "url": source.url, "target": target,
                "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1",
                "HOME": "/nonexistent"}
            run("sync")
            for runs in (usages, again):
                runs.append(usage_of_run(["/bin/sh", script], environment, f"{folder}/log"))
                if runs[-1].status != 0:
                    with open(f"{folder}/log", errors="replace") as file:
                        raise BenchError(f"{name}: {file.read()[-300:]}")
        _tell(report, name, usages)
        _tell(report, f"{name}, once more", again)
        wall, cpu = median([u.wall for u in usages]), median([u.cpu for u in usages])
        report.value(f"our first apply by its wall time ({name})", mine[0] / wall, "x", 2)
        report.value(f"our first apply by its CPU ({name})", mine[1] / cpu, "x", 2)
