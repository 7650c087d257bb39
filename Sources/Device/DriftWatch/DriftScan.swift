package import DeviceRecords
package import FleetModel
package import HostSystem
package import Transaction

/// Compares the disk with the current generation, again and again.
///
/// A file is read only when its size, times or inode have moved since it was last read, so a scan of
/// an unchanged device costs one `stat` for each managed path.
package struct DriftScan {
    private var inspector: Inspector
    private var findings: [String: DriftFinding] = [:]

    package init(root: Root) { inspector = Inspector(root: root) }

    /// What differs now, sorted by path. Bundles with `drift: ignore` are left out.
    package mutating func scan(
        _ record: GenerationRecord, at now: Instant
    ) throws(TransactionError) -> [DriftFinding] {
        let policies = Dictionary(
            record.state.bundles.map { ($0.name, $0.drift) },
            uniquingKeysWith: { first, _ in first })
        var watched = record
        watched.state.files.removeAll { policies[$0.bundle] == .ignore }
        watched.state.directories.removeAll { policies[$0.bundle] == .ignore }
        var current: [String: DriftFinding] = [:]
        for deviation in try inspector.deviations(from: watched) {
            let known = findings[deviation.path]
            current[deviation.path] = DriftFinding(
                deviation: deviation, policy: policies[deviation.bundle] ?? .heal,
                since: known?.kind == deviation.kind ? known?.since ?? now : now)
        }
        findings = current
        return current.values.sorted { $0.path < $1.path }
    }

    /// Forgets what it remembers, after a flip: the paths may be others now.
    package mutating func reset(root: Root) {
        inspector = Inspector(root: root)
        findings = [:]
    }
}
