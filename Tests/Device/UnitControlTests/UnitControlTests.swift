import AgentMachine
import DeviceRecords
import FleetModel
import HostSystem
import Testing
import UnitControl
import UnitPlanning

@Suite struct UnitControlTests {
    @Test(
        "Every action is one systemctl that asks nobody for a password",
        arguments: [
            (UnitAction.daemonReload, ["daemon-reload"]),
            (.stop("a.service"), ["stop", "a.service"]),
            (.disable("a.service"), ["disable", "a.service"]),
            (.reenable("a.service"), ["reenable", "a.service"]),
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
        #expect(control.look(at: ["web.service"]) == nil)
    }

    @Test("systemd is asked for all units at once, and can't take a name for an option")
    func look() throws {
        let command = try #require(
            UnitControl(services: .systemd).look(at: ["web.service", "--x.service"]))
        #expect(command.executable == "systemctl")
        #expect(command.arguments.suffix(3) == ["--", "web.service", "--x.service"])
        #expect(command.arguments.contains { $0.hasPrefix("--property=Id,Names,") })
    }

    private func results(of units: [String], in output: String) -> [CheckResult] {
        let checks = units.map { HealthCheck(name: $0, bundle: "web", probe: .unit($0)) }
        return UnitState.results(of: checks, in: Array(output.utf8))
    }

    private func block(
        _ name: String, active: String, sub: String, load: String = "loaded",
        result: String = "success", restarts: String? = "0", since: Int = 7
    ) -> String {
        """
        Id=\(name)
        Names=\(name) alias-of-\(name)
        LoadState=\(load)
        ActiveState=\(active)
        SubState=\(sub)
        Result=\(result)
        \(restarts.map { "NRestarts=\($0)\n" } ?? "")ActiveEnterTimestampMonotonic=\(since)

        """
    }

    @Test(
        "A unit is well while it is active; a oneshot that remains is, one between two starts is not",
        arguments: [
            ("active", "running", true), ("active", "exited", true), ("reloading", "reload", true),
            ("activating", "auto-restart", false), ("activating", "start", false),
            ("inactive", "dead", false), ("failed", "failed", false), ("deactivating", "x", false),
        ])
    func states(active: String, sub: String, isWell: Bool) {
        let output = block("web.service", active: active, sub: sub)
        #expect(results(of: ["web.service"], in: output).map(\.passed) == [isWell])
    }

    @Test("What it says is told: state, result, restarts")
    func details() {
        let output = block(
            "web.service", active: "failed", sub: "failed", result: "exit-code", restarts: "5")
        #expect(
            results(of: ["web.service"], in: output)[0].detail
                == "web.service is failed (failed), result exit-code, 5 restarts")
        let missing = block("x.service", active: "inactive", sub: "dead", load: "not-found")
        #expect(
            results(of: ["x.service"], in: missing)[0].detail
                == "x.service is inactive (dead), not-found")
    }

    @Test("The mark moves with each start, and with nothing else")
    func marks() {
        func mark(_ restarts: String?, _ since: Int, _ sub: String = "running") -> String? {
            results(
                of: ["a.service"],
                in: block(
                    "a.service", active: "active", sub: sub, restarts: restarts, since: since))[0]
                .mark
        }
        #expect(mark("1", 7) == mark("1", 7, "reload"))
        #expect(mark("1", 7) != mark("2", 7))
        #expect(mark("1", 7) != mark("1", 8))
        #expect(mark(nil, 7) != mark(nil, 8))
    }

    @Test("Units are found by any name in any order; what is not told of has failed")
    func finding() {
        let output =
            block("b.service", active: "active", sub: "running") + "\n"
            + block("a.service", active: "failed", sub: "failed")
        let found = results(
            of: ["a.service", "alias-of-b.service", "c.service"], in: output)
        #expect(found.map(\.passed) == [false, true, false])
        #expect(found[2].detail == "systemctl says nothing of it")
    }

    @Test("Whatever comes instead of blocks says nothing of a unit")
    func garbage() {
        for text in [
            "", "\n\n\n", "=", "Id", "Id=\u{0}", "ActiveState=active", "\u{feff}Id=web.service",
        ] {
            #expect(results(of: ["web.service"], in: text).map(\.passed) == [false])
        }
    }
}
