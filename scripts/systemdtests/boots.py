"""Boots that a release demands, and boots that it costs."""

from .bundles import web
from .checks import expect
from .device import AGENT
from .fleet import Server
from .part import Part

REBOOT_ON = "reboot-on: [/etc/web/restart.conf]\n"
RECOVER = "flotilla-recover.service"


class Boots(Part):
    def tell(self):
        self.machine.boot()
        self.device.install(self.package)
        self.device.configure(self.fleet, "maxBoots: 1\n")
        with Server(self.fleet, self.machine):
            release = self.fleet.release(web())
            self.machine.run("systemctl", "start", AGENT)
            self.device.await_release(release)
            self.reboot_on_demand()
            self.too_many_boots()

    def reboot_on_demand(self):
        with self.checks.named("a change that needs a reboot gets one, with the gate after it"):
            release = self.fleet.release(web(restart="two", more=REBOOT_ON))
            self.device.look()
            self.machine.await_reboot()
            self.device.await_release(release)
            expect(self.machine.read("/etc/web/restart.conf") == "restart two\n", "other bytes")

    def too_many_boots(self):
        with self.checks.named("a generation that costs too many boots is left, early at boot"):
            self.fleet.release(
                web(restart="two", reload="three", settle="1h", deadline="2h", more=REBOOT_ON))
            self.device.look()
            self.device.await_phase("settling")
            # An orderly one costs nothing, three short ones are one.
            self.machine.reboot()
            for _ in range(3):
                self.device.await_phase("settling")
                expect(self.machine.read("/etc/web/reload.conf") == "reload three\n", "too early")
                self.machine.crash()
                self.machine.boot()
            log = self.machine.journal(RECOVER)
            expect("given up" in log, f"recovery says: {log}")
            self.device.await_phase("idle")
            status = self.device.status()
            expect(self.machine.read("/etc/web/reload.conf") == "reload one\n", "other bytes")
            expect("boots" in str(status["failed"]), f"remembered: {status['failed']}")
