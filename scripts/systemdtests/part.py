"""What every part of the tests begins with: a device on a machine of its own, and a fleet for it."""

from .device import Device
from .fleet import Fleet


class Part:
    def __init__(self, checks, machine, package, cuts):
        self.checks = checks
        self.machine = machine
        self.device = Device(machine)
        self.package = package
        self.fleet = Fleet(machine.folder)
        self.cuts = cuts
