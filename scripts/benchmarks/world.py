"""A whole fleet on one machine: authority, Git server, broker, aggregator, devices. Everything in
it is made for one measurement and gone with it."""

import os
import shutil
import tempfile

from .aggregator import Aggregator
from .authority import Authority
from .broker import HOST, Broker
from .desk import Desk
from .device import Device
from .gitserver import GitServer
from .processes import BenchError, run

PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAMS = ["flotilla", "flotilla-agent", "flotilla-worker", "flotilla-aggregator"]

# The twelve of the demo.
TWELVE = {
    f"{role}-{site}-{number}": (role, site)
    for role in ["gateway", "kiosk", "sensor-hub"]
    for site in ["berlin", "potsdam"]
    for number in [1, 2]
}


class World:
    """A context: what it started is ended and its folder removed, whatever happens inside.

    The fleet repository always names the twelve; those that a measurement asks for run.
    `operators` get certificates, `writers` are operators that may write for all devices, and `edit`
    changes the operator's clone before the first release."""

    fleet = "harbour"
    project = PROJECT

    def __init__(self, programs, operators=(), writers=(), edit=None):
        if os.geteuid() != 0:
            raise BenchError("devices' files belong to root, so this must run as root")
        self.programs = programs
        self.flotilla = self.program("flotilla")
        self.folder = tempfile.mkdtemp(prefix="flotilla-bench-")
        self._ends = []
        try:
            # The user who fetches passes through it.
            os.chmod(self.folder, 0o755)
            self._build([*operators, *writers], writers, edit)
        except BaseException:
            self.__exit__()
            raise

    def _build(self, operators, writers, edit):
        self.authority = Authority(f"{self.folder}/authority", self.fleet, self.flotilla)
        aggregator = self.authority.issue("aggregator")
        self.operators = {name: self.authority.issue("operator", name) for name in operators}
        self._serve_git()
        self.desk = Desk(f"{self.folder}/desk", f"{self.served}/fleet.git", self, TWELVE)
        if edit:
            edit(self.desk)
        self.release = self.desk.commit("The harbour's fleet")
        self.desk.push()
        # Every server of this world is called by the one name.
        self.host = self.authority.issue("broker", HOST)
        self.broker = Broker(f"{self.folder}/broker", self, self.host, writers)
        self._start(self.broker)
        self.aggregator = Aggregator(
            f"{self.folder}/aggregator", self, aggregator, self.git.url(), self.broker.url)
        self._start(self.aggregator)

    def _serve_git(self):
        self.served = f"{self.folder}/served"
        run("git", "init", "--quiet", "--bare", "--initial-branch=main", f"{self.served}/fleet.git")
        for device in TWELVE:
            os.makedirs(f"{self.served}/{device}")
            os.symlink("../fleet.git", f"{self.served}/{device}/fleet.git")
        self.git = self.ends(GitServer(f"{self.folder}/git", self.served))

    def program(self, name):
        return f"{self.programs}/{name}"

    def ends(self, thing):
        """Ends this too, before what was there already."""
        self._ends.append(thing)
        return thing

    def _start(self, thing):
        self.ends(thing).start()

    def device(self, ident, repository=None, broker=None, extra=""):
        """A device that was installed; its agent does not run yet."""
        device = self.ends(Device(ident, f"{self.folder}/devices/{ident}", self))
        device.install(
            self.desk.anchor(), self.authority.issue("device", ident),
            repository or self.git.url(ident), broker, extra)
        return device

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for thing in reversed(self._ends):
            try:
                thing.end()
            except Exception as error:  # The others must be ended all the same.
                print(f"bench: {error}")
        shutil.rmtree(self.folder, ignore_errors=True)
