import Digests
import FleetModel
import Testing

@testable import UnitPlanning

/// In which order units are handled, and which of them at all.
@Suite struct UnitSequenceTests {
    private static let folder = "/etc/systemd/system"

    private func file(_ name: String, _ content: String = "1") -> DesiredFile {
        DesiredFile(
            path: "\(Self.folder)/\(name)", bundle: "b", content: SHA256.hash(content.utf8), size: 1
        )
    }

    private func unit(
        _ name: String, after: [String] = [], enabled: Bool? = nil,
        _ activity: DesiredUnit.Activity? = .running
    ) -> DesiredUnit {
        DesiredUnit(name: name, bundle: "b", enabled: enabled, activity: activity, after: after)
    }

    @Test("Units start after those that they name, and stop before them")
    func after() {
        let state = DesiredState(
            units: [
                unit("a.service", after: ["c.service"]), unit("b.service", after: ["a.service"]),
                unit("c.service"),
            ])
        let there = UnitPlan(from: DesiredState(), to: state)
        #expect(
            there.afterFlip == [.start("c.service"), .start("a.service"), .start("b.service")])
        let back = UnitPlan(from: state, to: DesiredState())
        #expect(back.beforeFlip == [.stop("b.service"), .stop("a.service"), .stop("c.service")])
        #expect(
            back.takingBack([]) == [
                .start("c.service"), .start("a.service"), .start("b.service"),
            ])
    }

    @Test("Units that are to be stopped are stopped in that order too, before others start")
    func stopsFirst() {
        let old = DesiredState(
            units: [unit("a.service"), unit("b.service", after: ["a.service"])])
        let new = DesiredState(
            units: [
                unit("a.service", .stopped), unit("b.service", after: ["a.service"], .stopped),
                unit("c.service"),
            ])
        #expect(
            UnitPlan(from: old, to: new).afterFlip == [
                .stop("b.service"), .stop("a.service"), .start("c.service"),
            ])
    }

    @Test("Units that wait for each other are handled in one order, always the same")
    func circle() {
        let units = [
            unit("a.service", after: ["b.service"]), unit("b.service", after: ["a.service"]),
        ]
        let plans = [units, units.reversed()].map {
            UnitPlan(from: DesiredState(), to: DesiredState(units: $0))
        }
        #expect(plans[0].afterFlip == plans[1].afterFlip)
        #expect(Set(plans[0].afterFlip.map(\.description)).count == 2)
    }

    @Test(
        "What starts a service is stopped before it, whatever `after` says",
        arguments: ["a.socket", "a.timer", "a.path"])
    func triggers(trigger: String) {
        let state = DesiredState(
            units: [unit("a.service"), unit(trigger, after: ["a.service"])])
        let plan = UnitPlan(from: state, to: DesiredState())
        #expect(plan.beforeFlip == [.stop(trigger), .stop("a.service")])
    }

    @Test("A socket is opened before its service, also when the two are put back")
    func socketFirst() {
        let state = DesiredState(units: [unit("a.service"), unit("a.socket")])
        let there = UnitPlan(from: DesiredState(), to: state)
        // The service may be the vendor's and run already.
        #expect(
            there.afterFlip == [.stop("a.service"), .start("a.socket"), .start("a.service")])
        let back = UnitPlan(from: state, to: DesiredState())
        #expect(back.takingBack([]) == [.start("a.socket"), .start("a.service")])
    }

    @Test("A changed socket is opened anew while its service is stopped")
    func changedSocket() {
        let old = DesiredState(
            files: [file("a.socket")], units: [unit("a.service"), unit("a.socket")])
        var new = old
        new.files = [file("a.socket", "2")]
        #expect(
            UnitPlan(from: old, to: new).afterFlip == [
                .daemonReload, .stop("a.service"), .restart("a.socket"), .start("a.service"),
            ])
    }

    @Test("A service that comes with its socket can't run yet, so nothing is stopped")
    func newPair() {
        let new = DesiredState(
            files: [file("a.service"), file("a.socket")],
            units: [unit("a.service"), unit("a.socket")])
        #expect(
            UnitPlan(from: DesiredState(), to: new).afterFlip == [
                .daemonReload, .restart("a.socket"), .restart("a.service"),
            ])
    }

    // MARK: What leaves

    @Test("A unit whose file goes is stopped and disabled, though nobody named it")
    func lostFile() {
        let old = DesiredState(files: [file("a.service"), file("a@.service")])
        let plan = UnitPlan(from: old, to: DesiredState())
        #expect(plan.beforeFlip == [.stop("a.service"), .disable("a.service")])
        #expect(plan.afterFlip == [.daemonReload])
    }

    @Test("A unit whose file moves, or that the fleet still names, stays")
    func stays() {
        let old = DesiredState(files: [file("a.service")])
        let moved = DesiredState(files: [
            DesiredFile(
                path: "/usr/lib/systemd/system/a.service", bundle: "b",
                content: SHA256.hash("1".utf8), size: 1)
        ])
        #expect(UnitPlan(from: old, to: moved).beforeFlip.isEmpty)
        let named = DesiredState(units: [unit("a.service")])
        #expect(UnitPlan(from: old, to: named).beforeFlip.isEmpty)
    }

    @Test("A unit that is a link is stopped, and the link is left to the flip")
    func lostLink() {
        let old = DesiredState(
            links: [
                DesiredLink(path: "\(Self.folder)/a.service", bundle: "b", target: "/opt/a.service")
            ])
        let plan = UnitPlan(from: old, to: DesiredState())
        #expect(plan.beforeFlip == [.stop("a.service")])
        #expect(plan.afterFlip == [.daemonReload])
    }

    @Test("Only what ran is started again, and only what was enabled is enabled again")
    func takesBack() {
        let old = DesiredState(
            files: [file("a.service"), file("b.service")],
            units: [unit("a.service", enabled: true)])
        let plan = UnitPlan(from: old, to: DesiredState())
        #expect(plan.touchedBeforeFlip == ["b.service", "a.service"].sorted())
        let standings = [
            UnitStanding(unit: "a.service", isActive: false, isEnabled: true),
            UnitStanding(unit: "b.service", isActive: true, isEnabled: false),
        ]
        #expect(plan.takingBack(standings) == [.enable("a.service"), .start("b.service")])
    }

    // MARK: Links and drop-ins

    @Test("A link in `*.wants/` makes systemd read its files again, and restarts nobody")
    func wants() {
        let old = DesiredState(units: [unit("a.service")])
        var new = old
        new.links = [
            DesiredLink(
                path: "\(Self.folder)/multi-user.target.wants/a.service", bundle: "b",
                target: "../a.service")
        ]
        #expect(UnitPlan(from: old, to: new).afterFlip == [.daemonReload])
    }

    @Test("A bundle that is only observed has no units and no files")
    func observed() {
        let state = DesiredState(
            bundles: [BundlePolicy(name: "b", mode: .observe)], files: [file("a.service")],
            units: [unit("a.service", enabled: true)])
        #expect(UnitPlan(from: DesiredState(), to: state).isEmpty)
        #expect(UnitPlan(from: state, to: DesiredState()).isEmpty)
    }

    @Test("What stands on the disk already restarts nobody")
    func alreadyRight() {
        let old = DesiredState(units: [unit("a.service")])
        var new = old
        new.files = [file("a.service")]
        let difference = StateDifference(from: old, to: new)
        let rest = difference.leavingOut(["\(Self.folder)/a.service"])
        #expect(UnitPlan(from: old, to: new, changing: rest).isEmpty)
    }
}
