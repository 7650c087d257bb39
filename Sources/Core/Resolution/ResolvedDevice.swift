package import FleetModel

/// Where the bytes of a managed file come from.
package enum ContentSource: Equatable, Sendable {
    /// A file of the revision as it is. The id is nil where the tree is a working folder.
    case blob(ObjectID?, repositoryPath: String)
    /// A template after substitution.
    case rendered([UInt8])
}

/// What resolution found for one device.
package struct ResolvedDevice: Equatable, Sendable {
    package var state: DesiredState
    package var labels: Labels
    /// By the paths of `state.files`.
    package var contents: [String: ContentSource]
    package var fleet: FleetManifest

    package init(
        state: DesiredState, labels: Labels, contents: [String: ContentSource],
        fleet: FleetManifest
    ) {
        self.state = state
        self.labels = labels
        self.contents = contents
        self.fleet = fleet
    }
}
