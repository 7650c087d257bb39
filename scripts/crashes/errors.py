"""Calls that fail once: what the device must have come to by itself, and what it must say of it."""

from __future__ import annotations

from .courses import Course, References
from .device import Device
from .strike import Struck
from .tree import differences
from .verdict import Verdict, shown

# What the kernel returns, and how the C library says it.
TEXTS = {
    "ENOSPC": "No space left on device", "EIO": "Input/output error",
    "EROFS": "Read-only file system", "EACCES": "Permission denied",
}
# A program that the agent starts and that fails is a reason to go back, whatever it failed of. So
# only the agent's own calls are made to fail, and its worker's.
ROLES = ["agent", "worker-fetch", "worker-stage", "worker-restage"]


def after_failure(
    device: Device, references: References, course: Course, struck: Struck, error: str
) -> Verdict:
    """Judges the device where the agent left it, before anything else is started."""
    verdict = Verdict()
    if struck.status is None:
        verdict.stuck.append(f"the run with {error} did not end in time")
        return verdict
    status = device.status()
    verdict.edition = references.editions.get(str(status.get("generationRevision")), "")
    told = f"{struck.said}\n{status}\n{device.history()}"
    if not course.is_boot and verdict.edition != course.aims_at and TEXTS[error] not in told:
        verdict.torn.append(f"nobody says why the release was not applied: {shown(status)}")
    if struck.status not in [0, 1]:
        verdict.stuck.append(
            f"the run with {error} ended with {struck.status}: {struck.said.strip()[-300:]}")
    elif course.is_boot:
        pass  # The agent is to finish what `recover` began.
    elif status.get("phase") != "idle" or not status.get("confirmed"):
        verdict.stuck.append(f"after {error}: {shown(status)}")
    elif verdict.edition not in course.editions:
        verdict.torn.append(f"status names a wrong release: {shown(status)}")
    else:
        lines = differences(device.picture(), references.pictures[verdict.edition])
        verdict.torn += [f"after {error}, as {verdict.edition}: {line}" for line in lines]
    return verdict
