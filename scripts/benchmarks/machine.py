"""On what a figure was measured: without it, it means nothing."""

import datetime
import os
import platform


def description():
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "system": _release(), "kernel": platform.release(), "architecture": platform.machine(),
        "processor": _processor(), "processors": os.cpu_count(),
        "memory": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "load": [round(value, 2) for value in os.getloadavg()],
    }


def text(machine):
    return (
        f"{machine['date']}, {machine['system']}, Linux {machine['kernel']}, "
        f"{machine['processors']} x {machine['processor']} ({machine['architecture']}), "
        f"{machine['memory'] / 2**30:.0f} GiB, load {machine['load'][0]:.2f}")


def _release():
    with open("/etc/os-release") as file:
        for line in file:
            if line.startswith("PRETTY_NAME="):
                return line.split("=", 1)[1].strip().strip('"')
    return "unknown"


def _processor():
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return "unknown processor"
