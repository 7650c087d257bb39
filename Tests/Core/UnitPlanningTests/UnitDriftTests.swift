import FleetModel
import Testing

@testable import UnitPlanning

@Suite struct UnitDriftTests {
    private static let name = "web.service"

    private func unit(
        enabled: Bool? = nil, _ activity: DesiredUnit.Activity? = nil, drift: DriftPolicy? = nil
    ) -> DesiredUnit {
        DesiredUnit(
            name: Self.name, bundle: "web", enabled: enabled, activity: activity, drift: drift)
    }

    private func standing(_ change: (inout ShownUnit) -> Void = { _ in }) -> ShownUnit {
        var standing = ShownUnit()
        standing.names = [Self.name]
        (standing.load, standing.active, standing.sub) = ("loaded", "active", "running")
        (standing.file, standing.fragment) = ("enabled", "/etc/systemd/system/web.service")
        (standing.type, standing.result, standing.remains) = ("simple", "success", "no")
        change(&standing)
        return standing
    }

    private func found(
        _ unit: DesiredUnit, _ standing: ShownUnit, policy: DriftPolicy = .heal,
        managed: Set<String> = ["/etc/systemd/system/web.service"], vendor: Bool = false
    ) -> [Drift] {
        UnitDrift(managed: managed) { _ in vendor }
            .find(unit, policy: policy, standing, at: Instant(seconds: 5))
    }

    private func mends(_ unit: DesiredUnit, _ standing: ShownUnit) -> [UnitMend] {
        let judge = UnitDrift(managed: ["/etc/systemd/system/web.service"]) { _ in true }
        let wrong = judge.find(unit, policy: .heal, standing, at: Instant(seconds: 5))
            .filter { $0.policy == .heal }
        return judge.mends(unit, Set(wrong.map(\.kind)), standing)
    }

    @Test("A unit that is as it should be, or of which nothing is said, does not differ")
    func right() {
        #expect(found(unit(enabled: true, .running), standing()) == [])
        let odd = standing {
            $0.active = "failed"
            $0.file = "disabled"
        }
        #expect(found(unit(), odd) == [])
        let off = standing {
            $0.active = "inactive"
            $0.file = "masked"
            $0.load = "masked"
        }
        #expect(found(unit(enabled: false, .stopped), off) == [])
    }

    @Test("Stopped, started, disabled and enabled are told, and put right by their opposite")
    func states() {
        let off = standing {
            $0.active = "inactive"
            $0.sub = "dead"
            $0.file = "disabled"
        }
        let wanted = unit(enabled: true, .running)
        #expect(found(wanted, off).map(\.kind) == [.disabled, .stopped])
        #expect(found(wanted, off).last?.detail == "the unit is inactive (dead)")
        #expect(
            mends(wanted, off) == [.ask(["enable", Self.name]), .ask(["start", Self.name])])
        let unwanted = unit(enabled: false, .stopped)
        #expect(found(unwanted, standing()).map(\.kind) == [.enabled, .started])
        #expect(
            mends(unwanted, standing()) == [
                .ask(["disable", Self.name]), .ask(["stop", Self.name]),
            ]
        )
    }

    @Test("What is enabled only until the next boot is not enabled")
    func runtime() {
        let standing = standing { $0.file = "enabled-runtime" }
        #expect(found(unit(enabled: true), standing).map(\.kind) == [.disabled])
        #expect(found(unit(enabled: false), standing).map(\.kind) == [.enabled])
    }

    @Test("What can't be enabled at all is not drift", arguments: ["static", "generated", "alias"])
    func notInstallable(state: String) {
        #expect(found(unit(enabled: true), standing { $0.file = state }) == [])
    }

    @Test("A unit that did its one thing and ended has not stopped; one that failed at it has")
    func oneshot() {
        var standing = standing {
            $0.type = "oneshot"
            $0.active = "inactive"
        }
        #expect(found(unit(enabled: nil, .running), standing) == [])
        standing.result = "exit-code"
        standing.active = "failed"
        #expect(found(unit(enabled: nil, .running), standing).map(\.kind) == [.stopped])
    }

    @Test("A masked unit is told as that alone, and unmasked where it was masked")
    func masked() {
        var masked = standing {
            $0.load = "masked"
            $0.file = "masked"
            $0.active = "inactive"
        }
        let wanted = unit(enabled: true, .running)
        #expect(found(wanted, masked).map(\.kind) == [.masked])
        #expect(
            mends(wanted, masked) == [
                .ask(["unmask", Self.name]), .ask(["enable", Self.name]),
                .ask(["start", Self.name]),
            ])
        masked.file = "masked-runtime"
        #expect(mends(wanted, masked).first == .ask(["unmask", "--runtime", Self.name]))
    }

    @Test("What systemd does not know is told and nothing is asked of it")
    func missing() {
        let nothing = standing { $0.load = "not-found" }
        #expect(found(unit(enabled: nil, .running), nothing).map(\.kind) == [.missing])
        #expect(mends(unit(enabled: nil, .running), nothing) == [])
        #expect(found(unit(enabled: nil, .stopped), nothing).map(\.kind) == [.started])
    }

    @Test(
        "Drop-ins of people are told; the fleet's own, generators' and those of many units are not")
    func dropIns() {
        let file = "/etc/systemd/system/web.service.d/override.conf"
        let own = "/etc/systemd/system/web.service.d/fleet.conf"
        let standing = standing {
            $0.dropIns = [
                own, "/run/systemd/generator/web.service.d/x.conf",
                "/etc/systemd/system/service.d/all.conf",
                "/usr/lib/systemd/system/web.service.d/vendor.conf", file,
            ]
        }
        let managed: Set = ["/etc/systemd/system/web.service", own]
        let drift = found(unit(enabled: nil, .running), standing, managed: managed)
        #expect(drift.map(\.kind) == [.overridden])
        #expect(drift.first?.detail == "not the fleet's: \(file)")
        // What a person wrote is taken away only where the unit itself says so.
        #expect(drift.first?.policy == .report)
        let strict = unit(enabled: nil, .running, drift: .heal)
        #expect(found(strict, standing, managed: managed).first?.policy == .heal)
        let judge = UnitDrift(managed: managed) { _ in true }
        #expect(
            judge.mends(strict, [.overridden], standing) == [
                .setAside(file), .ask(["daemon-reload"]), .ask(["try-restart", Self.name]),
            ])
    }

    @Test("A unit file of people that hides another is told; one that stands alone is the unit")
    func fragments() {
        let standing = standing()
        #expect(found(unit(enabled: nil, .running), standing, managed: [], vendor: false) == [])
        #expect(
            found(unit(enabled: nil, .running), standing, managed: [], vendor: true).map(\.kind)
                == [.overridden])
        #expect(
            found(
                unit(enabled: nil, .running), standing,
                managed: ["/usr/lib/systemd/system/web.service"]
            ).map(\.kind) == [.overridden])
    }

    @Test("The answer of systemctl is read block by block")
    func answer() {
        let text = """
            Id=a.service
            Names=a.service b.service
            LoadState=loaded
            ActiveState=inactive
            DropInPaths=/run/x.conf /etc/y.conf
            UnitFileState=disabled

            odd line
            Id=c.timer
            ActiveState=active
            SubState=waiting

            """
        let read = ShownUnit.read(text)
        #expect(read.count == 2)
        #expect(read.first?.names == ["a.service", "a.service", "b.service"])
        #expect(read.first?.dropIns == ["/run/x.conf", "/etc/y.conf"])
        #expect(read.last?.sub == "waiting")
        #expect(ShownUnit.read("") == [])
    }
}
