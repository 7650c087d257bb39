package import DeviceRecords
package import FleetModel
package import HostSystem
internal import Transaction
package import UnitPlanning

/// Compares the disk with the current generation, again and again: everything in a scan, or only
/// what was touched. It works in pieces, so that a device with thousands of files does something
/// else in between.
///
/// A file is read only when its size, times or inode have moved since it was last read, so a scan of
/// an unchanged device costs one `stat` for each managed path.
package struct DriftScan {
    private let root: Root
    private var inspector: Inspector
    package private(set) var list: WatchList?
    /// What differs, by the item. An owned directory has several.
    private var findings: [Int: [Drift]] = [:]
    private var unitFindings: [Drift] = []
    private var standings: [String: ShownUnit] = [:]
    /// What was known before this generation, or this process.
    private var remembered: [Drift]
    /// What is still to be looked at, last first.
    private var waiting: [Int] = []
    private var touched = Touched()
    /// Why paths could not be looked at.
    private var failures: [String] = []
    /// Whether this generation was looked at as a whole: without that a look at a part would tell of
    /// the part alone.
    private var hasSeenAll = false
    /// Whether there is a systemd to ask.
    package var asksSystemd = true
    /// Whether units are to be looked at too.
    package private(set) var wantsUnits = false

    /// Items that are looked at between two looks at the clock.
    private static let stride = 16
    /// Touched paths that are looked at out of turn, to see whether anything came of it.
    private static let glanceLimit = 64

    /// `known` is what differed when the agent last looked, so that it is still known since when.
    package init(root: Root, known: [Drift] = []) {
        self.root = root
        inspector = Inspector(root: root)
        remembered = known
    }

    package var generation: Int? { list?.generation }

    /// Compares with another generation from now on.
    package mutating func compare(with record: GenerationRecord) {
        guard record.number != generation else { return }
        let known = found
        if !known.isEmpty { remembered = known }
        let list = WatchList(record)
        self.list = list
        findings = [:]
        unitFindings = []
        standings = [:]
        waiting = []
        hasSeenAll = false
        inspector.forget(allBut: list.inspectedPlaces)
    }

    // MARK: Looking

    /// Begins with everything.
    package mutating func begin() {
        touched = Touched()
        failures = []
        waiting = Array((list?.items.indices ?? 0..<0).reversed())
        wantsUnits = asksSystemd && list?.units.isEmpty == false
    }

    /// Something happened there; a look will see it.
    package mutating func touch(_ more: Touched) { touched.formUnion(more) }

    /// Begins with what was touched.
    package mutating func beginLook() {
        guard let list, hasSeenAll, !touched.everything else {
            begin()
            return
        }
        failures = []
        waiting = items(in: touched).sorted(by: >)
        wantsUnits = asksSystemd && touched.units && !list.units.isEmpty
        touched = Touched()
    }

    private func items(in touched: Touched) -> Set<Int> {
        guard let list else { return [] }
        return touched.paths.reduce(into: []) { $0.formUnion(list.items(touchedBy: $1)) }
    }

    /// Goes on until `end`, by the monotonic clock.
    ///
    /// - Returns: whether all paths were looked at.
    package mutating func step(until end: Instant, at now: Instant) -> Bool {
        while !waiting.isEmpty {
            look(Array(waiting.suffix(Self.stride)), at: now)
            waiting.removeLast(min(Self.stride, waiting.count))
            if Clocks.monotonic() >= end { break }
        }
        if waiting.isEmpty, !wantsUnits { finish() }
        return waiting.isEmpty
    }

    private mutating func look(_ indices: [Int], at now: Instant) {
        do throws(TransactionError) {
            for (index, drifts) in try compared(indices, at: now) {
                findings[index] = drifts.isEmpty ? nil : drifts
            }
        } catch {
            guard indices.count == 1 else {
                // One path that can't be looked at must not hide the others.
                for index in indices { look([index], at: now) }
                return
            }
            failures.append(error.description)
        }
    }

    /// What differs of these items, by the item: an empty list where nothing does.
    private mutating func compared(
        _ indices: [Int], at now: Instant
    ) throws(TransactionError) -> [Int: [Drift]] {
        guard let list else { return [:] }
        var result = Dictionary(uniqueKeysWithValues: indices.map { ($0, [Drift]()) })
        func take(_ deviation: Deviation, of index: Int) {
            let drift = drift(deviation, list.items[index].policy, knownIn: index, at: now)
            result[index, default: []].append(drift)
        }
        for deviation in try inspector.deviations(from: list.piece(indices)) {
            if let index = list.item(at: deviation.path) { take(deviation, of: index) }
        }
        for index in indices {
            guard let (piece, directory) = list.ownedPiece(index) else { continue }
            for extra in try inspector.extras(in: directory, of: piece) { take(extra, of: index) }
        }
        return result
    }

    private func drift(
        _ deviation: Deviation, _ policy: DriftPolicy, knownIn index: Int, at now: Instant
    ) -> Drift {
        let drift = Drift(
            subject: deviation.path, bundle: deviation.bundle,
            kind: Drift.Kind(deviation.kind), detail: deviation.detail, policy: policy, since: now)
        return dated(drift, by: (findings[index] ?? []) + remembered)
    }

    private func dated(_ drift: Drift, by known: [Drift]) -> Drift {
        guard let before = known.first(where: { $0.isSame(as: drift) }) else { return drift }
        var drift = drift
        drift.since = min(before.since, drift.since)
        return drift
    }

    /// Whether anything came of what was touched: our own moves touch much and change nothing that
    /// is not right. Nothing is kept of it.
    package mutating func differs(_ touched: Touched, at now: Instant) -> Bool {
        if touched.everything || touched.units && asksSystemd { return true }
        let indices = items(in: touched)
        if indices.count > Self.glanceLimit { return true }
        guard let compared = try? compared(indices.sorted(), at: now) else { return true }
        return compared.contains { index, drifts in
            // How large a file is now, that differed before, is the next scan's to tell.
            let known = findings[index] ?? []
            return drifts.count != known.count
                || !zip(drifts, known).allSatisfy { $0.isSame(as: $1) }
        }
    }

    // MARK: Units

    /// The units to ask systemd about.
    package var unitNames: [String] { list?.units.map(\.wanted.name) ?? [] }

    /// Takes what `systemctl show` said of `unitNames`.
    package mutating func take(_ standings: [ShownUnit], at now: Instant) {
        guard let list else { return }
        var byName: [String: ShownUnit] = [:]
        for standing in standings {
            for name in standing.names { byName[name] = standing }
        }
        let root = root
        let judge = list.unitDrift { path in (try? root.exists(path)) == true }
        let known = unitFindings + remembered
        var found: [Drift] = []
        for unit in list.units {
            guard let standing = byName[unit.wanted.name] else {
                failures.append("systemd says nothing of \(unit.wanted.name)")
                continue
            }
            for drift in judge.find(unit.wanted, policy: unit.policy, standing, at: now) {
                found.append(dated(drift, by: known))
            }
        }
        self.standings = byName
        unitFindings = found
        finish()
    }

    /// Nobody can tell how the units are: what was known of them stays.
    package mutating func failUnits(_ reason: String) {
        failures.append(reason)
        finish()
    }

    private mutating func finish() {
        wantsUnits = false
        remembered = []
        hasSeenAll = true
    }

    /// What puts units right, as they were found.
    package func mends(of names: [String]) -> [UnitMend] {
        guard let list else { return [] }
        let judge = list.unitDrift { _ in true }
        return list.units.filter { names.contains($0.wanted.name) }.flatMap { unit in
            let wrong = unitFindings.filter {
                $0.subject == unit.wanted.name && $0.policy == .heal
            }
            let standing = standings[unit.wanted.name] ?? ShownUnit()
            return judge.mends(unit.wanted, Set(wrong.map(\.kind)), standing)
        }
    }

    // MARK: What is known

    /// Everything that differs, sorted by path; units come last.
    package var found: [Drift] {
        findings.values.joined().sorted { $0.subject < $1.subject } + unitFindings
    }

    /// These were put right, so that a look which finds them right finds nothing new.
    package mutating func healed(_ subjects: [String]) {
        let healed = Set(subjects)
        for (index, drifts) in findings {
            let left = drifts.filter { !healed.contains($0.subject) }
            findings[index] = left.isEmpty ? nil : left
        }
        unitFindings.removeAll { $0.policy == .heal && healed.contains($0.subject) }
    }

    /// What could not be looked at in this pass.
    package mutating func takeFailures() -> [String] {
        defer { failures = [] }
        return failures
    }
}

extension Drift.Kind {
    init(_ kind: Deviation.Kind) {
        guard let same = Drift.Kind(rawValue: kind.rawValue) else {
            fatalError("a deviation's kind is a drift's kind: \(kind)")
        }
        self = same
    }
}
