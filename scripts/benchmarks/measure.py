"""Reads what the kernel counts of a process, and sums figures up."""

import atexit
import functools
import os
import shutil
import socket
import struct
import subprocess
import tempfile
from dataclasses import dataclass

from .processes import BenchError, run

TICK = os.sysconf("SC_CLK_TCK")


def median(values):
    return percentile(values, 50)


def percentile(values, share):
    """The smallest value that at least `share` percent of them do not exceed: no interpolation,
    so a p95 of few values is their largest, and was really measured."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * share // 100) - 1)]


def _fields(path, unit=1):
    with open(path) as file:
        pairs = (line.split(":", 1) for line in file if ":" in line)
        return {
            name: int(value.split()[0]) * unit for name, value in pairs
            if value.split() and value.split()[0].isdigit()}


def memory(pid):
    """Bytes: all that is resident, what of it no file backs, and the share where it is shared."""
    status = _fields(f"/proc/{pid}/status", 1024)
    rollup = _fields(f"/proc/{pid}/smaps_rollup", 1024)
    return {
        "VmRSS": status["VmRSS"], "VmHWM": status["VmHWM"], "RssAnon": status["RssAnon"],
        "PSS": rollup["Pss"], "PSS anonymous": rollup["Pss_Anon"],
    }


def written(pid):
    """Bytes that a process sent to storage, and those that it gave to write(2) of any kind."""
    io = _fields(f"/proc/{pid}/io")
    return {"write_bytes": io["write_bytes"], "wchar": io["wchar"]}


def cpu(pid):
    """Seconds of CPU, in user and system mode."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def sharers(pid):
    """Names of other processes that map a file which this one maps too: its PSS depends on them."""
    own = _mapped(pid)
    found = []
    for other in filter(str.isdigit, os.listdir("/proc")):
        if int(other) != pid and own & _mapped(other):
            found.append(_name(other))
    return sorted(found)


def _name(pid):
    try:
        with open(f"/proc/{pid}/comm") as file:
            return file.read().strip()
    except OSError:  # It ended while it was looked at.
        return "one that ended"


def _mapped(pid):
    """Files of libcrypto, libmosquitto and the program itself; of all others libc would be one."""
    try:
        with open(f"/proc/{pid}/maps") as file:
            files = {line.split()[-1] for line in file if "/" in line}
    except OSError:
        return set()
    names = ("libcrypto", "libmosquitto", "flotilla-agent")
    return {path for path in files if any(name in path for name in names)}


def segments(connection):
    """TCP segments that a socket received and sent, bare acknowledgements included."""
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 192)
    sent, received = struct.unpack_from("II", info, 136)
    return received, sent


@dataclass
class Usage:
    """What a program cost from exec to exit, with what it started and waited for."""

    status: int
    wall: float
    cpu: float
    # The largest resident size that it or one of its children ever had, in bytes.
    rss: int


def usage_of_run(words, environment=None, log=os.devnull):
    """Runs a program to its end."""
    with tempfile.NamedTemporaryFile("r") as told, open(log, "a") as output:
        ended = subprocess.run(
            [_launcher(), told.name, *words], stdout=output, stderr=output, env=environment,
            check=False)
        if ended.returncode != 0:
            raise BenchError(f"what {words[0]} costs can't be measured: {ended.returncode}")
        status, wall, used, peak = told.read().split()
    return Usage(int(status), float(wall), float(used), int(peak) * 1024)


@functools.cache
def _launcher():
    """A child begins with the peak of whoever forked it, which must not be this large program."""
    folder = tempfile.mkdtemp(prefix="flotilla-bench-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    source = os.path.join(os.path.dirname(__file__), "usage.c")
    run("cc", "-O2", "-o", f"{folder}/usage", source)
    return f"{folder}/usage"


def cpu_of_run(words, environment=None, log=os.devnull):
    """Its seconds of CPU and its exit status."""
    usage = usage_of_run(words, environment, log)
    return usage.cpu, usage.status
