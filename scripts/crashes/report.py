"""Counts what came of the trials, and says it."""

from __future__ import annotations

from collections import Counter

from .trials import Trial
from .verdict import Verdict

# Of one trial; the rest is of the same kind.
_LINES = 8


class Report:
    def __init__(self) -> None:
        self._tried: Counter[tuple[str, str]] = Counter()
        self._bad: Counter[tuple[str, str]] = Counter()
        self._editions: Counter[str] = Counter()
        self._seconds = 0.0
        self._strayed = 0

    def add(self, trial: Trial, verdict: Verdict) -> None:
        role = trial.point.role
        self._tried[trial.kind, role] += 1
        self._editions[verdict.edition] += 1
        self._seconds += verdict.seconds
        self._strayed += not verdict.is_exact
        for name, lines in [("torn", verdict.torn), ("stuck", verdict.stuck)]:
            if lines:
                self._bad[trial.kind, name] += 1
                _say(f"{name.upper()}: {trial.name} ({trial.point.about[:160]})", lines)
        if not verdict.fired:
            self._bad[trial.kind, "not fired"] += 1
            _say(f"NOT FIRED: {trial.name} ({trial.point.about[:160]})", [])

    def count(self, *names: str) -> int:
        """Of all kinds."""
        return sum(number for (_, name), number in self._bad.items() if name in names)

    @property
    def tried(self) -> int:
        return sum(self._tried.values())

    @property
    def is_well(self) -> bool:
        return self.tried > 0 and not self._bad

    def tell(self, kind: str, possible: int) -> None:
        """A line for each role, and one for the kind."""
        tried = {role: number for (of, role), number in sorted(self._tried.items()) if of == kind}
        for role, number in tried.items():
            print(f"  {role}: {number}")
        bad = ", ".join(
            f"{self._bad[kind, name]} {name}" for name in ["torn", "stuck", "not fired"])
        print(f"{kind}: {sum(tried.values())} of {possible} points, {bad}", flush=True)

    def tell_all(self) -> None:
        stood = ", ".join(
            f"{edition or 'neither'} {number}" for edition, number in sorted(self._editions.items()))
        if self._strayed:
            print(f"{self._strayed} points were met at another call of their kind")
        mean = self._seconds / max(1, self.tried)
        print(f"after the first recovery stood: {stood}; {mean:.2f} s for each point")


def _say(title: str, lines: list[str]) -> None:
    print(title)
    for line in lines[:_LINES]:
        print(f"    {line}")
    if len(lines) > _LINES:
        print(f"    and {len(lines) - _LINES} more", flush=True)
