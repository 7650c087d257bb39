internal import Documents
internal import FleetModel

extension LintRun {
    private struct Declared {
        var bundle: Bundle
        var unit: UnitEntry
    }

    /// Units that wait for each other, and units that wait for nobody's. A device would still find an
    /// order, but not the one that was meant.
    mutating func checkUnitOrder() {
        var declared: [String: [Declared]] = [:]
        for bundle in bundles {
            for unit in bundle.manifest.units {
                declared[unit.name, default: []].append(Declared(bundle: bundle, unit: unit))
            }
        }
        var entries: [UnitOrder.Entry] = []
        for (name, units) in declared {
            for unit in units {
                checkNames(unit, declared)
                let after = unit.unit.after.filter { other in
                    declared[other]?.contains { mayMeet([unit.bundle, $0.bundle]) } ?? false
                }
                entries.append(UnitOrder.Entry(name, after: after))
            }
        }
        for cycle in UnitOrder(entries).cycles { report(cycle, declared) }
    }

    private mutating func checkNames(_ unit: Declared, _ declared: [String: [Declared]]) {
        for other in unit.unit.after where declared[other] == nil {
            report(
                [
                    Diagnostic(
                        file: FleetLayout.bundleFile(unit.bundle.name),
                        position: unit.unit.namePosition,
                        message:
                            "the unit `\(unit.unit.name)` comes after `\(other)`, which no bundle names",
                        fix: "Correct the name below `after`, or remove it.")
                ], as: .warning)
        }
    }

    private mutating func report(_ cycle: [String], _ declared: [String: [Declared]]) {
        let next = Dictionary(
            zip(cycle, cycle.dropFirst() + cycle.prefix(1)), uniquingKeysWith: { first, _ in first }
        )
        let units = cycle.compactMap { name in
            declared[name]?.first { $0.unit.after.contains(next[name] ?? "") }
        }
        guard let first = units.first, mayMeet(units.map(\.bundle)) else { return }
        let circle = (cycle + cycle.prefix(1)).map { "`\($0)`" }.joined(separator: " after ")
        report([
            Diagnostic(
                file: FleetLayout.bundleFile(first.bundle.name),
                position: first.unit.namePosition,
                message: "units wait for each other: \(circle)",
                fix: "Remove one of the names below `after`.")
        ])
    }

    /// Whether one device can have all of these bundles.
    private func mayMeet(_ bundles: [Bundle]) -> Bool {
        SelectorOverlap(of: bundles.map(\.manifest.match)) != nil
    }
}
