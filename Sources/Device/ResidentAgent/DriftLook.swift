internal import DeviceRecords
internal import Documents
internal import DriftWatch
internal import FleetModel
internal import HostSystem
internal import UnitControl
internal import UnitPlanning

/// What differs right now, for a person who asks: one look at everything, without the agent and
/// without its lock.
struct DriftLook {
    let generation: Int
    private(set) var drifts: [Drift]
    /// What could not be looked at.
    private(set) var failures: [String]

    /// A person does not wait longer for systemd.
    private static let patience = Duration.seconds(10)

    init(_ record: GenerationRecord, store: RecordStore) {
        generation = record.number
        // What the agent knows already says since when.
        let live = try? store.readIfWhole(LiveStatus.self, at: StateLayout.status)
        let lasting = try? store.readIfWhole(DriftRecord.self, at: StateLayout.drift)
        var scan = DriftScan(root: store.root, known: live?.drift ?? lasting?.drifts ?? [])
        let services = try? AgentConfiguration(of: store.root).services
        let control = UnitControl(services: services ?? .none)
        scan.asksSystemd = control.services == .systemd
        scan.compare(with: record)
        scan.begin()
        while !scan.step(until: Instant(nanoseconds: .max), at: Clocks.wall()) {}
        if scan.wantsUnits, let command = control.show(scan.unitNames) {
            Self.askSystemd(command, &scan)
        }
        drifts = scan.found
        failures = scan.takeFailures()
    }

    private static func askSystemd(_ command: ChildCommand, _ scan: inout DriftScan) {
        do throws(SystemError) {
            let outcome = try command.run(deadline: patience)
            if outcome.isSuccess {
                scan.take(ShownUnit.read(outcome.outputText), at: Clocks.wall())
            } else {
                scan.failUnits("systemctl show: \(outcome.status): \(outcome.errorText)")
            }
        } catch {
            scan.failUnits("systemctl show: \(error)")
        }
    }

    var json: JSONValue {
        [
            "version": 1, "generation": .integer(Int64(generation)),
            "drift": .array(drifts.map(\.json)),
        ]
    }
}
