internal import Documents
package import FleetModel

/// What a revision says about the whole fleet, for who needs no single device's state.
package struct FleetReading {
    private let manifests: FleetManifests

    package init(tree: any RevisionTree, parse: @escaping DocumentParser) {
        manifests = FleetManifests(FleetReader(tree: tree, parse: parse))
    }

    /// How releases reach the devices. Only `format` and `rollout` of `fleet.yaml` are looked at.
    package func rolloutMode() throws(ResolutionError) -> RolloutMode {
        try manifests.rolloutMode().orError()
    }

    package func fleet() throws(ResolutionError) -> FleetManifest {
        try manifests.fleet().orError()
    }

    /// The waves of this revision; nil where the fleet does without.
    package func rollout() throws(ResolutionError) -> RolloutManifest? {
        guard try rolloutMode() == .waves else { return nil }
        guard let reading = try manifests.rollout() else {
            throw ResolutionError(.invalid(InvalidDocument(FleetManifests.noRollout)))
        }
        return try reading.orError()
    }
}

extension ManifestReading {
    /// What this version does not know at all needs a newer one; everything else is a fault.
    func orError() throws(ResolutionError) -> Manifest {
        if let manifest { return manifest }
        guard faults.isEmpty else { throw ResolutionError(.invalid(InvalidDocument(faults))) }
        throw ResolutionError(.needsAgent(bundle: nil, InvalidDocument(unknown)))
    }
}
