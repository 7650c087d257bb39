"""Power cuts in the middle of an apply: what was not synchronised is lost, and the device ends on
the old generation or the new one, whole, and goes on from there."""

import collections
import glob
import json
import os
import time

from .bundles import Tree
from .checks import expect
from .commands import Failed, run, wait_until
from .device import AGENT
from .fleet import Server
from .part import Part


class PowerCuts(Part):
    def __init__(self, checks, machine, package, cuts):
        super().__init__(checks, machine, package, cuts)
        self.server = Server(self.fleet, machine)
        self.number = 0
        self.torn, self.stuck = [], []
        self.hit = collections.Counter()

    def tell(self):
        begin = time.monotonic()
        self.machine.boot()
        self.device.install(self.package)
        self.device.configure(self.fleet)
        self.publish()
        with self.server:
            self.machine.run("systemctl", "start", AGENT)
            self.await_new()
            # What was installed is not what is tested.
            run("sync", "-f", self.machine.root)
            # A clean run tells how long the time is in which something can be torn.
            self.time_one()
            for point in range(self.cuts):
                self.cut(point)
        places = ", ".join(f"{count} {place}" for place, count in sorted(self.hit.items()))
        print(f"power cuts: {self.cuts} points over {self.span * 1000:.0f} ms of an apply, every "
              f"second one over the {self.flip * 1000:.0f} ms of its flip: {places}; "
              f"{len(self.torn)} torn, {len(self.stuck)} stuck ({time.monotonic() - begin:.0f} s)")
        with self.checks.named("after every power cut the device is whole and goes on"):
            told = "; ".join(self.torn + self.stuck)
            expect(not told, told)
        with self.checks.named("power cuts met the middle of a move"):
            expect(self.cuts < 10 or self.hit["during flipping"], f"only {places}")

    def publish(self):
        """The next release, which differs in every second file."""
        self.number += 1
        self.tree = Tree(self.number)
        self.release = self.fleet.release(self.tree.bundle())

    # ---- One apply ----

    def begin_apply(self):
        """Publishes, lets the agent look, and returns at the first thing of the new generation."""
        known = set(self.generations())
        self.publish()
        self.device.look()
        wait_until("a generation is made", lambda: set(self.generations()) - known, 30, 0.0005)

    def generations(self):
        return [
            name for name in os.listdir(self.machine.path("/var/lib/flotilla/generations"))
            if name.isdigit()]

    def time_one(self):
        self.begin_apply()
        begin = time.monotonic()
        self.await_journal()
        flip = time.monotonic()
        wait_until("the files are placed", lambda: self.phase() != "flipping", 30, 0.0005)
        self.flip = time.monotonic() - flip
        wait_until("the journal is gone", lambda: self.phase() is None, 30, 0.0005)
        # A little longer: what is confirmed must stay so.
        self.span = (time.monotonic() - begin) * 1.1
        self.await_new()

    def await_journal(self):
        wait_until("the journal is there", lambda: self.phase(), 30, 0.0005)

    def await_new(self):
        self.device.await_release(self.release)
        self.standing = self.tree

    def cut(self, point):
        share = (point + 0.5) / self.cuts
        is_in_flip = point % 2
        moment = share * (self.flip if is_in_flip else self.span)
        name = (f"cut {point + 1} of {self.cuts}, {moment * 1000:.1f} ms into the "
                f"{'flip' if is_in_flip else 'apply'}")
        try:
            before = self.confirmed_number()
            self.begin_apply()
            if is_in_flip:
                self.await_journal()
            time.sleep(moment)
            confirmed = self.confirmed_number()
            self.server.stop()
            self.machine.cut_power()
            self.hit[self.place(before)] += 1
            # Without a server the agent has nothing but what it keeps.
            self.machine.boot()
            self.await_rest()
            self.judge(name, confirmed)
        except Failed as reason:
            self.stuck.append(f"{name}: {reason}")
            self.machine.revive()
        try:
            self.server.start()
            self.device.look()
            self.await_new()
            wrong = self.differences(self.tree)
            if wrong:
                self.torn.append(f"{name}: after the next try {wrong[0]}")
        except Failed as reason:
            self.stuck.append(f"{name}: the next try: {reason}")

    def place(self, confirmed):
        """Where the cut met the move, by what the disk says before anything recovers."""
        phase = self.phase()
        if phase:
            return f"during {phase}"
        return "after the move" if self.current() != confirmed else "before the move"

    def phase(self):
        """How far the move is that is under way; nothing where there is none."""
        try:
            return json.loads(self.machine.read("/var/lib/flotilla/journal.json"))["phase"]
        except FileNotFoundError:
            return None
        except ValueError:
            raise Failed("the journal is no JSON") from None

    def current(self):
        return int(os.readlink(self.machine.path("/var/lib/flotilla/current")).split("/")[-1])

    def confirmed_number(self):
        return json.loads(self.machine.read("/var/lib/flotilla/ledger.json"))["confirmed"]

    def await_rest(self):
        recovered = self.machine.show("flotilla-recover.service", "Result")
        expect(recovered == "success", f"flotilla-recover.service ended with {recovered}")
        wait_until(
            "the agent rests", lambda: not self.device.journal_is_there()
            and self.device.status().get("phase") == "idle", 60)

    # ---- Judging ----

    def judge(self, name, confirmed):
        old, new = self.differences(self.standing), self.differences(self.tree)
        if old and new:
            self.torn.append(f"{name}: not the old one ({old[0]}), not the new one ({new[0]})")
            return
        if self.current() < confirmed:
            self.torn.append(f"{name}: {confirmed} was confirmed, {self.current()} is current")

    def differences(self, tree):
        """What is not as a generation wants it: bytes, modes, links, and what is left behind."""
        wrong = []
        folder = self.machine.path(tree.folder)
        found = {
            os.path.normpath(f"{tree.folder}/{os.path.relpath(place, folder)}/{name}")
            for place, _, files in os.walk(folder) for name in files}
        found.add("/etc/systemd/system/tree.service")
        for path in sorted(found - set(tree.files)):
            wrong.append(f"{path} is too much")
        for path, (text, mode, placement) in tree.files.items():
            wrong += self.difference(path, text, mode, placement)
        for rest in glob.glob(self.machine.path("/etc/systemd/system/.flotilla-*")):
            wrong.append(f"{rest} was left")
        return wrong

    def difference(self, path, text, mode, placement):
        place = self.machine.path(path)
        try:
            is_link = os.path.islink(place)
            if is_link != (placement == "link"):
                return [f"{path} is {'a' if is_link else 'no'} link"]
            if is_link:
                place = os.path.normpath(
                    os.path.join(os.path.dirname(place), os.readlink(place)))
            with open(place) as file:
                if file.read() != text:
                    return [f"{path} has other bytes"]
            found = os.stat(place)
        except OSError as error:
            return [f"{path}: {error.strerror}"]
        if (found.st_mode & 0o7777, found.st_uid, found.st_gid) != (mode, 0, 0):
            return [f"{path} has mode {found.st_mode & 0o7777:o} and owner {found.st_uid}"]
        return []
