import DeviceRecords
import FleetModel
import HealthProbes
import HostSystem
import Testing
import UnitControl
import UnitPlanning

@Suite struct UnitControlTests {
    private let check = HealthCheck(
        name: "up", bundle: "web", probe: .unit("web.service"), timeout: .seconds(3))

    @Test(
        "Every action is one systemctl that asks nobody for a password",
        arguments: [
            (UnitAction.daemonReload, ["daemon-reload"]),
            (.stop("a.service"), ["stop", "a.service"]),
            (.disable("a.service"), ["disable", "a.service"]),
            (.enable("a.service"), ["enable", "a.service"]),
            (.start("a.service"), ["start", "a.service"]),
            (.reload("a.service"), ["reload-or-restart", "a.service"]),
            (.restart("a.service"), ["restart", "a.service"]),
            (.restartIfRunning("a.service"), ["try-restart", "a.service"]),
        ])
    func commands(action: UnitAction, words: [String]) throws {
        let command = try #require(UnitControl(services: .systemd).command(for: action))
        #expect(command.executable == "systemctl")
        #expect(command.arguments == ["--no-ask-password", "--no-pager"] + words)
    }

    @Test("Where services are none of ours, nothing is run and nobody can tell")
    func noServices() {
        let control = UnitControl(services: .none)
        #expect(control.command(for: .restart("a.service")) == nil)
        #expect(control.probe(of: "web.service", check) == nil)
    }

    @Test("A unit is healthy when systemctl says that it is active, within the check's time-out")
    func probe() throws {
        let child = try #require(UnitControl(services: .systemd).probe(of: "web.service", check))
        #expect(child.command.arguments == ["is-active", "--", "web.service"])
        #expect(child.deadline == .seconds(3))
        let active = child.result(
            of: .ended(.exited(0)), output: Array("active\n".utf8), errors: [])
        let failed = child.result(
            of: .ended(.exited(3)), output: Array("failed\n".utf8), errors: [])
        #expect(active.passed)
        #expect(!failed.passed)
        #expect(failed.detail == "exit status 3: failed")
    }
}
