internal import Documents
internal import FleetModel

extension FleetManifests {
    static let noRollout = Diagnostic(
        file: FleetLayout.rolloutFile,
        message: "the file is missing, and \(FleetLayout.fleetFile) says `rollout: waves`",
        fix: "Write one: `format: 1` alone lets every device in at once, and `waves:` in steps.")
}

extension LintRun {
    /// The waves, also where the fleet does without them: whoever turns them on must not find
    /// mistakes then.
    mutating func checkRollout() throws(ResolutionError) {
        guard let reading = try manifests.rollout() else {
            if fleet?.rollout == .waves { report([FleetManifests.noRollout]) }
            return
        }
        report(reading.diagnostics)
        guard let rollout = reading.manifest else { return }
        for (index, wave) in rollout.waves.enumerated() {
            if let earlier = rollout.waveThatCovers(index) {
                warn(
                    of: wave, "has no device of its own: `\(earlier.name)` lets all of them in",
                    fix: "Raise its limit, move it before `\(earlier.name)`, or remove it.")
            } else if let lack = nobodyHas(wave.match) {
                warn(
                    of: wave, "is empty and will be passed, for no device has the label `\(lack)`",
                    fix: "Correct `match`, or give a device this label.")
            }
        }
    }

    private mutating func warn(
        of wave: RolloutManifest.Wave, _ message: String, fix: String
    ) {
        report(
            [
                Diagnostic(
                    file: FleetLayout.rolloutFile, position: wave.namePosition,
                    message: "the wave `\(wave.name)` \(message)", fix: fix)
            ], as: .warning)
    }

    /// A label that the selector wants and that no device can have today; nil where there is none.
    private func nobodyHas(_ selector: Selector) -> String? {
        for requirement in selector.requirements
        where !Labels.builtInKeys.contains(requirement.key) {
            let key = requirement.key
            let values = deviceLabels[key, default: []].union(fleet?.localLabels[key] ?? [])
            switch requirement.condition {
            case .isOneOf(let wanted) where values.isDisjoint(with: wanted):
                return wanted.count == 1 ? "\(key)=\(wanted[0])" : key
            case .exists where values.isEmpty: return key
            default: continue
            }
        }
        return nil
    }
}
