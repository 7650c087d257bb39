internal import FleetModel
internal import FleetRegister
internal import RolloutEngine

/// The whole fleet at one moment, for answers.
struct FleetPicture {
    struct Device {
        var row: DeviceRow
        var place: RolloutReport.Place
    }

    let revision: Int64
    /// Of the monotonic clock.
    let made: Instant
    let rollout: Rollout?
    let report: RolloutReport
    /// In the order of their ids.
    let devices: [Device]

    init(
        of register: DeviceRegister, _ machine: RolloutMachine, revision: Int64, now: Instant,
        made: Instant
    ) {
        self.revision = revision
        self.made = made
        rollout = machine.state.current
        let fleet: [FleetDevice] =
            rollout.map { register.fleet(under: $0.release.revision) }
            ?? register.rows.map { row in
                FleetDevice(
                    id: row.id, isOnline: row.isOnline, presenceSince: row.presenceSince)
            }
        report = machine.report(on: fleet, at: now)
        devices = zip(register.rows, report.places).map { Device(row: $0, place: $1) }
            .sorted { $0.row.id < $1.row.id }
    }

    func device(_ id: DeviceID) -> Device? {
        var (low, high) = (0, devices.count)
        while low < high {
            let middle = (low + high) / 2
            if devices[middle].row.id < id { low = middle + 1 } else { high = middle }
        }
        guard low < devices.count, devices[low].row.id == id else { return nil }
        return devices[low]
    }
}
