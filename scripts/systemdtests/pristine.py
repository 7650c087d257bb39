"""A device whose /etc is at each boot as it was installed, as on devices with a read-only root."""

from .bundles import web
from .checks import expect
from .commands import wait_until
from .device import AGENT
from .fleet import Server
from .part import Part

# Not of the fleet's, and begun before the agent is: what it reads is what any service would.
EARLY = """[Unit]
After=basic.target
Before=flotilla-agent.service

[Service]
Type=oneshot
ExecStart=/bin/sh -c 'cat /etc/web/reload.conf /etc/web/link.conf >/var/lib/early 2>&1 || true'
"""


class Pristine(Part):
    def tell(self):
        self.machine.boot()
        self.device.install(self.package)
        self.device.configure(self.fleet)
        self.machine.write("/usr/lib/systemd/system/early.service", EARLY)
        self.machine.run(
            "ln", "-s", "../early.service", "/usr/lib/systemd/system/multi-user.target.wants/")
        self.machine.power_off()
        self.machine.pristine = "/etc"
        self.machine.boot()
        with self.checks.named("on a device whose /etc is pristine at each boot it applies"):
            with Server(self.fleet, self.machine):
                release = self.fleet.release(web())
                self.device.look()
                self.device.await_release(release)
        with self.checks.named("and after a boot the files stand before any service reads them"):
            self.machine.reboot()
            read = self.machine.read("/var/lib/early")
            expect(read == "reload one\nlink one\n", f"an early service read {read!r}")
        with self.checks.named("and what they are for runs again"):
            self.device.look()
            wait_until(
                "web.service is active",
                lambda: self.machine.show("web.service", "ActiveState") == "active", 30)
            expect(self.machine.show(AGENT, "ActiveState") == "active", "the agent does not run")
