"""What a measurement has to say, for people and as JSON."""

import json
import os

from . import machine


class Report:
    """The lines of one figure. A goal that is missed is no error: the figure is what it is."""

    def __init__(self, name, title, programs):
        self.name = name
        self.title = title
        self.content = {
            "name": name, "title": title, "machine": machine.description(), "programs": programs,
            "values": {}, "goals": [], "notes": [], "skipped": [],
        }

    def value(self, name, value, unit="", digits=1):
        """A measured value."""
        self.content["values"][name] = {"value": value, "unit": unit}
        self._line(name, f"{_number(value, digits)} {unit}")

    def goal(self, name, value, limit, unit="", digits=1, at_least=False):
        """A measured value that has a goal."""
        reached = value >= limit if at_least else value <= limit
        self.content["goals"].append({
            "name": name, "value": value, "unit": unit, "goal": limit, "atLeast": at_least,
            "reached": reached,
        })
        side = "at least" if at_least else "at most"
        wanted = f"goal {side} {_number(limit, 1)} {unit}".rstrip()
        verdict = f"{wanted}: {'reached' if reached else 'NOT reached'}"
        self._line(name, f"{_number(value, digits)} {unit}", verdict)

    def note(self, text):
        """What one should know to read the values."""
        self.content["notes"].append(text)
        print(f"  {text}", flush=True)

    def skip(self, what, reason):
        """Something could not be measured here."""
        self.content["skipped"].append({"what": what, "reason": reason})
        print(f"  {what}: skipped: {reason}", flush=True)

    def begin(self):
        print(f"\n=== {self.name}: {self.title}")
        print(f"  {machine.text(self.content['machine'])}", flush=True)

    def save(self, folder):
        os.makedirs(folder, exist_ok=True)
        self.content["loadAtEnd"] = machine.description()["load"]
        with open(f"{folder}/{self.name}.json", "w") as file:
            json.dump(self.content, file, indent=2)
            file.write("\n")

    def _line(self, name, value, verdict=""):
        print(f"  {name:<52} {value:>16}  {verdict}".rstrip(), flush=True)


def _number(value, digits):
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.{digits}f}"
