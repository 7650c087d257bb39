internal import Documents
internal import FleetModel

/// A device's labels and variables under one revision.
struct DeviceContext {
    private(set) var labels = Labels()
    private(set) var variables = Variables()
    private(set) var faults: [Diagnostic] = []
    /// Names that lint takes as known; see `DeviceSubject`.
    private(set) var assumed: Set<String> = []

    var names: TemplateNames {
        TemplateNames(variables: variables, labels: labels, assumed: assumed)
    }

    init(
        of subject: DeviceSubject, fleet: FleetManifest, manifests: FleetManifests
    ) throws(ResolutionError) {
        let reading = try manifests.device(subject.id)
        faults += reading?.faults ?? []
        let device = reading?.manifest ?? DeviceManifest()
        addLabels(subject, device, fleet)
        try addVariables(device, fleet, manifests)
        if subject.assumesUnknownLabels { try assumeLabels(fleet, manifests) }
    }

    /// What the device is by itself, then its own file, then its local configuration: who comes
    /// first wins.
    private mutating func addLabels(
        _ subject: DeviceSubject, _ device: DeviceManifest, _ fleet: FleetManifest
    ) {
        for (key, value) in subject.builtInLabels { labels.add(key, Label(value, from: .builtIn)) }
        for (key, value) in device.labels { labels.add(key, Label(value, from: .deviceFile)) }
        for (key, value) in subject.localLabels.sorted(by: { byBytes($0.key, $1.key) })
        where labels[key] == nil || Labels.builtInKeys.contains(key) {
            if fleet.localLabels[key]?.contains(value) ?? false {
                labels.add(key, Label(value, from: .local))
            } else {
                faults.append(
                    Diagnostic(
                        file: FleetLayout.fleetFile,
                        message:
                            "the device gives itself the label \(quoted("\(key)=\(value)")), which the fleet does not allow",
                        fix:
                            "Allow it below `labels:` `local:`, or change the label in the agent's configuration."
                    ))
            }
        }
    }

    /// Fleet, then groups, then the device itself: who comes last wins.
    private mutating func addVariables(
        _ device: DeviceManifest, _ fleet: FleetManifest, _ manifests: FleetManifests
    ) throws(ResolutionError) {
        var ofGroups = Variables()
        for (key, label) in labels.sorted {
            let path = FleetLayout.groupFile(label: key, value: label.value)
            guard let group = try manifests.group(at: path) else { continue }
            faults += group.faults
            guard let manifest = group.manifest else { continue }
            let joined = ofGroups.joined(with: manifest.variables, decided: device.variables)
            ofGroups = joined.variables
            faults += joined.faults
        }
        variables = fleet.variables.overridden(by: ofGroups).overridden(by: device.variables)
    }

    private mutating func assumeLabels(
        _ fleet: FleetManifest, _ manifests: FleetManifests
    ) throws(ResolutionError) {
        let unknown = (Labels.builtInKeys + fleet.localLabels.keys).filter { labels[$0] == nil }
        assumed = Set(unknown.map { "label.\($0)" })
        for group in try manifests.groups() where unknown.contains(group.key) {
            let manifest = try manifests.group(at: group.file)?.manifest
            assumed.formUnion(manifest.map { Array($0.variables.byName.keys) } ?? [])
        }
    }
}
