internal import Documents
internal import FleetModel

/// Whether one device could match several selectors at once. Each label can be judged by itself,
/// so this is exact.
struct SelectorOverlap {
    /// What such a device needs, in the selectors' own syntax; empty means any device.
    let description: String
    /// The labels that it must have, each with its values if they matter.
    let needed: [String: Set<String>?]

    /// Nil where no device can match all of them.
    init?(of selectors: [Selector]) {
        var demands: [String: Demand] = [:]
        for requirement in selectors.flatMap(\.requirements) {
            demands[requirement.key, default: Demand()].add(requirement.condition)
        }
        guard demands.values.allSatisfy(\.canBeMet) else { return nil }
        needed = demands.filter { $0.value.mustExist }.mapValues(\.candidates)
        description = demands.sorted { byBytes($0.key, $1.key) }
            .compactMap { $0.value.shown(for: $0.key) }.joined(separator: ", ")
    }

    private struct Demand {
        var allowed: Set<String>?
        var forbidden: Set<String> = []
        var mustExist = false
        var mustBeAbsent = false

        mutating func add(_ condition: Selector.Condition) {
            switch condition {
            case .isOneOf(let values):
                mustExist = true
                allowed = allowed?.intersection(values) ?? Set(values)
            case .isNoneOf(let values): forbidden.formUnion(values)
            case .exists: mustExist = true
            case .isAbsent: mustBeAbsent = true
            }
        }

        var candidates: Set<String>? { allowed?.subtracting(forbidden) }

        var canBeMet: Bool {
            if mustExist && mustBeAbsent { return false }
            return candidates.map { !$0.isEmpty } ?? true
        }

        func shown(for key: String) -> String? {
            if let value = candidates?.min(by: byBytes) { return "\(key)=\(value)" }
            if mustExist { return key }
            return nil
        }
    }
}

extension LintRun {
    /// Claims that collide on a device which the repository does not list: an error where such a
    /// device may come by itself, a warning where somebody would first have to add it.
    mutating func checkOverlaps() {
        let matches = Dictionary(
            bundles.map { ($0.name, $0.manifest.match) }, uniquingKeysWith: { first, _ in first })
        for conflict in ClaimConflict.all(among: bundles.flatMap(\.expansion.claims))
        where !failedOnDevices.contains(conflict.diagnostic().description) {
            let selectors = [
                matches[conflict.first.bundle], conflict.first.when,
                matches[conflict.second.bundle], conflict.second.when,
            ]
            guard let overlap = SelectorOverlap(of: selectors.compactMap(\.self)) else { continue }
            let device =
                overlap.description.isEmpty
                ? " (on every device)" : " (on a device with `\(overlap.description)`)"
            report(
                [conflict.diagnostic(device)], as: mayComeByItself(overlap) ? .error : .warning)
        }
    }

    /// Built-in labels are the device's own, and local labels those that the fleet lets it choose.
    private func mayComeByItself(_ overlap: SelectorOverlap) -> Bool {
        overlap.needed.allSatisfy { key, values in
            if Labels.builtInKeys.contains(key) { return true }
            guard let allowed = fleet?.localLabels[key] else { return false }
            return values.map { !$0.isDisjoint(with: allowed) } ?? true
        }
    }
}
