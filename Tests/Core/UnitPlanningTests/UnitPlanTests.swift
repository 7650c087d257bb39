import Digests
import FleetModel
import Testing
import UnitPlanning

private func file(_ path: String, _ content: String, mode: UInt16 = 0o644) -> DesiredFile {
    DesiredFile(
        path: path, bundle: "b", content: SHA256.hash(content.utf8), size: content.utf8.count,
        mode: mode)
}

@Suite struct UnitPlanTests {
    let unitPath = "/etc/systemd/system/telemetry.service"

    private func state(
        unit content: String?, config: String, activity: DesiredUnit.Activity? = .running
    )
        -> DesiredState
    {
        DesiredState(
            files: [file("/etc/telemetry/a.conf", config)]
                + (content.map { [file(unitPath, $0)] } ?? []),
            units: content == nil
                ? []
                : [
                    DesiredUnit(
                        name: "telemetry.service", bundle: "b", enabled: true, activity: activity,
                        restartOn: [], reloadOn: ["/etc/telemetry"])
                ])
    }

    @Test("Equal states demand nothing")
    func nothing() {
        let same = state(unit: "x", config: "1")
        #expect(UnitPlan(from: same, to: same).isEmpty)
        #expect(StateDifference(from: same, to: same).isEmpty)
    }

    @Test("A new unit is loaded, enabled and restarted, in this order")
    func newUnit() {
        let plan = UnitPlan(from: DesiredState(), to: state(unit: "x", config: "1"))
        #expect(plan.beforeFlip.isEmpty)
        #expect(
            plan.afterFlip == [
                .daemonReload, .enable("telemetry.service"), .restart("telemetry.service"),
            ])
    }

    @Test("A change below a reload-on folder reloads and does not restart")
    func reload() {
        let plan = UnitPlan(
            from: state(unit: "x", config: "1"), to: state(unit: "x", config: "2"))
        #expect(plan.afterFlip == [.reload("telemetry.service")])
    }

    @Test("A path that only begins like a reload-on folder does not count")
    func prefixIsNotFolder() {
        var old = state(unit: "x", config: "1")
        var new = old
        old.files.append(file("/etc/telemetry-other", "1"))
        new.files.append(file("/etc/telemetry-other", "2"))
        #expect(UnitPlan(from: old, to: new).isEmpty)
    }

    @Test("A changed unit file reloads systemd and restarts the unit once")
    func ownFile() {
        let plan = UnitPlan(
            from: state(unit: "x", config: "1"), to: state(unit: "y", config: "2"))
        #expect(
            plan.afterFlip == [
                .daemonReload, .reenable("telemetry.service"), .restart("telemetry.service"),
            ])
    }

    @Test("A unit whose activity is left alone is restarted only if it runs")
    func leftAlone() {
        let plan = UnitPlan(
            from: state(unit: "x", config: "1", activity: nil),
            to: state(unit: "y", config: "1", activity: nil))
        #expect(
            plan.afterFlip == [
                .daemonReload, .reenable("telemetry.service"),
                .restartIfRunning("telemetry.service"),
            ])
    }

    @Test("A unit that leaves is stopped and disabled while its file still stands")
    func leaves() {
        let plan = UnitPlan(
            from: state(unit: "x", config: "1"), to: state(unit: nil, config: "1"))
        #expect(plan.beforeFlip == [.stop("telemetry.service"), .disable("telemetry.service")])
        #expect(plan.afterFlip == [.daemonReload])
    }

    @Test("A drop-in of a unit restarts it when it is healed")
    func healing() {
        let plan = UnitPlan(
            healing: [unitPath + ".d/10-memory.conf"], in: state(unit: "x", config: "1"))
        #expect(plan.afterFlip == [.daemonReload, .restart("telemetry.service")])
    }

    @Test("The difference names what was added, changed and removed, by path")
    func difference() {
        let old = DesiredState(files: [file("/a", "1"), file("/b", "1"), file("/c", "1")])
        let new = DesiredState(files: [
            file("/b", "1", mode: 0o600), file("/c", "1"), file("/d", "1"),
        ])
        let changes = StateDifference(from: old, to: new).files
        #expect(changes.map(\.path) == ["/a", "/b", "/d"])
        #expect(changes.map(\.change) == [.removed, .changed, .added])
    }
}
