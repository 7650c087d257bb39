"""What the agent does under a real systemd, one story after the other on one device."""

import glob
import json
import os

from .bundles import helper, web
from .checks import expect
from .commands import wait_until
from .device import AGENT
from .fleet import Server
from .part import Part

RECOVER = "flotilla-recover.service"
HARD_LIFE = "[Service]\nWatchdogSec=2\nRestartSec=100ms\n"


class Stories(Part):
    def tell(self):
        self.machine.boot()
        self.install()
        with Server(self.fleet, self.machine):
            self.first_apply()
            self.reload_and_restart()
            self.gate()
            self.orderly_stop()
            self.watchdog()
            self.reboot_while_settling()
            self.crash_while_settling()
            self.units_that_drift()
            self.upgrade()
        self.removal()

    def install(self):
        with self.checks.named("installed, it is enabled, has its user, and starts nothing yet"):
            self.device.install(self.package)
            for unit in [AGENT, RECOVER]:
                state = self.machine.attempt("systemctl", "is-enabled", unit).stdout.strip()
                expect(state == "enabled", f"{unit} is {state}")
            self.machine.run("id", "flotilla-fetch")
            state = self.machine.show(AGENT, "ActiveState")
            expect(state == "inactive", f"without a configuration the agent is {state}")
            expect(self.failed_units() == "", f"failed: {self.failed_units()}")

    def first_apply(self):
        with self.checks.named("configured and started, it applies the first release"):
            release = self.fleet.release(web())
            self.device.configure(self.fleet)
            self.machine.run("systemctl", "start", AGENT)
            self.device.await_release(release)
            expect(self.machine.read("/etc/web/reload.conf") == "reload one\n", "another content")
            expect(os.path.islink(self.machine.path("/etc/web/link.conf")), "no link is placed")
            self.is_active("web.service")
            enabled = self.machine.attempt("systemctl", "is-enabled", "web.service").stdout
            expect(enabled.strip() == "enabled", f"web.service is {enabled}")
        with self.checks.named("its unit takes nothing away that it needs"):
            log = self.machine.journal(AGENT)
            for word in ["trouble", "not permitted", "denied"]:
                expect(word not in log, f"the agent complains: {log}")
            groups = self.machine.run("systemctl", "show", "--value", "-p", "ControlGroup", AGENT)
            expect(AGENT in groups, f"it runs in {groups}")
            findings = self.machine.run(
                "systemd-run", "--quiet", "--pipe", "--wait", *self.sandbox(), "flotilla-agent",
                "doctor")
            for part in ["isolation", "staging"]:
                line = next((line for line in findings.splitlines() if part in line), "")
                expect("well" in line, f"doctor says in the agent's unit: {line or findings}")

    def sandbox(self):
        """The limits of the agent's own unit, as options of systemd-run."""
        wanted = [
            "Delegate", "LockPersonality", "RestrictRealtime", "RestrictNamespaces",
            "RestrictAddressFamilies", "SystemCallArchitectures", "SystemCallFilter",
            "SystemCallErrorNumber", "CapabilityBoundingSet"]
        text = self.machine.read("/lib/systemd/system/flotilla-agent.service")
        lines = [line for line in text.splitlines() if line.split("=")[0] in wanted]
        return [word for line in lines for word in ("-p", line)]

    def reload_and_restart(self):
        with self.checks.named("a changed file of `reload-on` reloads the unit, which goes on"):
            pid = self.machine.show("web.service", "MainPID")
            self.apply(web(reload="two"))
            expect(self.machine.show("web.service", "MainPID") == pid, "it was restarted")
            reloads = self.machine.read("/run/web.reloads")
            expect(reloads == "reloaded\n", f"reloads: {reloads!r}")
        with self.checks.named("a changed file of `restart-on` restarts it"):
            self.apply(web(reload="two", restart="two"))
            expect(self.machine.show("web.service", "MainPID") != pid, "it was not restarted")
            reloads = self.machine.read("/run/web.reloads")
            expect(reloads == "reloaded\n", f"reloads: {reloads!r}")
        with self.checks.named("a release that changes nothing here touches no unit"):
            pid = self.machine.show("web.service", "MainPID")
            release = self.fleet.release(web(reload="two", restart="two") | {"README.md": "x\n"})
            self.device.look()
            self.device.await_outcome("unchanged", release)
            expect(self.machine.show("web.service", "MainPID") == pid, "it was restarted")

    def gate(self):
        with self.checks.named("a unit that fails its gate sends the device back"):
            good = web(reload="two", restart="two")
            release = self.fleet.release(
                web(reload="three", restart="two", start="/bin/false", deadline="3s"))
            self.device.look()
            self.device.await_outcome("knownBad", release)
            expect(self.machine.read("/etc/web/reload.conf") == "reload two\n", "new bytes stayed")
            self.is_active("web.service")
            status = self.device.status()
            expect(status["failed"], "nothing is remembered as failed")
            expect("web" in status["failed"][-1]["reason"], f"reason: {status['failed'][-1]}")
            self.apply(good | {"README.md": "x\n"}, "unchanged")

    def orderly_stop(self):
        with self.checks.named("a stop is an orderly one, and status outlives it"):
            self.machine.run("systemctl", "stop", AGENT)
            result = self.machine.show(AGENT, "Result")
            expect(result == "success", f"the agent ended with {result}")
            expect(self.device.status()["phase"] == "stopped", self.device.told())
            expect(self.device.status()["fetch"]["last"], "the last fetch is forgotten")
            self.machine.run("systemctl", "start", AGENT)
            self.device.await_phase("idle")

    def watchdog(self):
        with self.checks.named("an agent that hangs is killed by the watchdog and comes back"):
            drop_in = "/etc/systemd/system/flotilla-agent.service.d/hard.conf"
            self.machine.write(drop_in, HARD_LIFE)
            self.machine.run("systemctl", "daemon-reload")
            self.machine.run("systemctl", "restart", AGENT)
            self.device.await_phase("idle")
            pid = self.device.main_pid()
            self.machine.run("sh", "-c", f"kill -STOP {pid}")
            wait_until(
                "another agent is at work",
                lambda: self.device.main_pid() not in (0, pid)
                and self.machine.show(AGENT, "ActiveState") == "active")
            expect(int(self.machine.show(AGENT, "NRestarts")) == 1, "it was not systemd")
            expect("watchdog" in self.machine.journal(AGENT).lower(), "it was not the watchdog")
            self.apply(web(reload="four", restart="two"))
        with self.checks.named("an agent that waits feeds the watchdog"):
            pid = self.device.main_pid()
            # A settle time twice as long as the watchdog's patience.
            self.apply(web(reload="five", restart="two", settle="4s"))
            expect(self.device.main_pid() == pid, "it was killed while it waited")
            os.remove(self.machine.path(drop_in))
            self.machine.run("systemctl", "daemon-reload")
            self.machine.run("systemctl", "restart", AGENT)

    def reboot_while_settling(self):
        with self.checks.named("a reboot while a generation settles: the gate runs again"):
            release = self.fleet.release(web(reload="six", restart="two", settle="3s"))
            self.device.look()
            self.device.await_phase("settling")
            self.machine.reboot()
            self.device.await_release(release)
            self.is_whole("reload six\n")

    def crash_while_settling(self):
        with self.checks.named("a crash while a generation settles: the gate runs again"):
            # A boot starts only one of its two units.
            release = self.fleet.release(
                web(reload="seven", restart="two", settle="3s") | helper())
            self.device.look()
            self.device.await_phase("settling")
            self.machine.crash()
            self.machine.boot()
            self.device.await_release(release)
            self.is_whole("reload seven\n")
            self.is_active("helper.service")

    def units_that_drift(self):
        with self.checks.named("a unit that is stopped by hand is started again, at once"):
            self.machine.run("systemctl", "stop", "web.service")
            self.is_active("web.service")
        with self.checks.named("one that is disabled is enabled again"):
            self.machine.run("systemctl", "disable", "web.service")
            wait_until("web.service is enabled", lambda: self.is_enabled("web.service"), 20)
        with self.checks.named("one that is masked runs again"):
            self.machine.run("systemctl", "mask", "--now", "helper.service")
            self.is_active("helper.service")
        with self.checks.named("one that is edited is told, until the edit is gone"):
            edit = "/etc/systemd/system/web.service.d/override.conf"
            self.machine.write(edit, "[Service]\nNice=5\n")
            self.machine.run("systemctl", "daemon-reload")
            wait_until("the edit is told", lambda: self.drift() == ["overridden"], 20)
            self.machine.run("systemctl", "revert", "web.service")
            wait_until("it is told no more", lambda: self.drift() == [], 20)

    def drift(self):
        """The kinds of what the agent finds, once it was asked to look."""
        self.device.look()
        self.device.await_phase("idle")
        found = json.loads(self.machine.attempt("flotilla-agent", "diff", "--json").stdout)
        return [item["kind"] for item in found["drift"]]

    def is_enabled(self, unit):
        state = self.machine.attempt("systemctl", "is-enabled", unit).stdout.strip()
        return state == "enabled"

    def upgrade(self):
        with self.checks.named("upgraded, it restarts the agent and nothing of the fleet's"):
            agent, web_pid = self.device.main_pid(), self.machine.show("web.service", "MainPID")
            self.device.install(self.package)
            expect(self.device.main_pid() not in (0, agent), "the agent was not restarted")
            self.device.await_phase("idle")
            expect(self.machine.show("web.service", "MainPID") == web_pid, "web was restarted")
            expect(self.device.status()["problem"] is None, self.device.told())

    def removal(self):
        link = "/etc/web/link.conf"
        with self.checks.named("removed, it leaves managed files as files of their own"):
            text = self.machine.read(link)
            self.machine.run("dpkg", "--remove", "flotilla-agent", timeout=120)
            status = os.lstat(self.machine.path(link))
            expect(not os.path.islink(self.machine.path(link)), "the link is still one")
            group = int(self.machine.run("getent", "group", "adm").split(":")[2])
            found = (status.st_mode & 0o7777, status.st_uid, status.st_gid)
            expect(found == (0o640, 0, group), f"mode and owner are {found}")
            expect(self.machine.read(link) == text, "other bytes")
            self.is_active("web.service")
            expect(self.machine.exists("/var/lib/flotilla/current"), "the state is gone already")
        with self.checks.named("installed again, it goes on from its state"):
            self.device.install(self.package)
            wait_until("the link is back", lambda: os.path.islink(self.machine.path(link)), 20)
            self.device.await_phase("idle")
            self.machine.run("dpkg", "--remove", "flotilla-agent", timeout=120)
        with self.checks.named("purged, its state is gone, and the files and keys stay"):
            self.machine.write("/etc/flotilla/device.key", "mine\n", 0o600)
            self.machine.run("dpkg", "--purge", "flotilla-agent", timeout=120)
            for path in ["/var/lib/flotilla", "/run/flotilla", "/etc/flotilla/agent.yaml"]:
                expect(not self.machine.exists(path), f"{path} is still there")
            expect(self.machine.read(link) == text, "other bytes")
            expect(self.machine.exists("/etc/flotilla/device.key"), "the key is gone")
            links = glob.glob(self.machine.path("/etc/systemd/system/*.wants/flotilla-*"))
            expect(not links, f"links of systemd are left: {links}")
            self.machine.reboot()
            self.is_active("web.service")

    # ---- Helpers ----

    def apply(self, bundles, outcome="confirmed"):
        release = self.fleet.release(bundles)
        self.device.look()
        if outcome == "confirmed":
            self.device.await_release(release)
        else:
            self.device.await_outcome(outcome, release)
        return release

    def is_active(self, unit):
        wait_until(
            f"{unit} is active", lambda: self.machine.show(unit, "ActiveState") == "active", 10)

    def is_whole(self, text):
        expect(self.machine.read("/etc/web/reload.conf") == text, "other bytes stand there")
        self.is_active("web.service")
        expect(not self.device.journal_is_there(), "a move is under way")
        leftovers = self.device.leftovers("/etc")
        expect(not leftovers, f"left behind: {leftovers}")
        outcome = self.machine.attempt("flotilla-agent", "diff")
        expect(outcome.returncode == 0, f"the disk differs: {outcome.stdout}")
        expect(self.failed_units() == "", f"failed: {self.failed_units()}")

    def failed_units(self):
        lines = self.machine.attempt(
            "systemctl", "--failed", "--plain", "--no-legend", "--no-pager").stdout.splitlines()
        return " ".join(sorted(line.split()[0] for line in lines))
