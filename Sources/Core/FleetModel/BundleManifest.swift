package import Documents

/// `bundle.yaml`: one unit of configuration.
package struct BundleManifest: Equatable, Sendable {
    package var match: Selector
    package var needs: AgentRequirement?
    /// Nil takes the fleet's default.
    package var drift: DriftPolicy?
    package var files: [FileEntry]
    package var directories: [DirectoryEntry]
    package var units: [UnitEntry]
    package var validators: [ValidatorEntry]
    package var health: HealthEntry?
}

package struct FileEntry: Equatable, Sendable {
    package var source: RepositoryPath
    package var sourcePosition: SourcePosition
    package var path: ManagedPath
    package var pathPosition: SourcePosition
    package var mode: UInt16?
    package var owner: Ownership?
    package var placement: Placement
    package var isTemplate: Bool
    package var when: Selector?
}

package struct DirectoryEntry: Equatable, Sendable {
    package var path: ManagedPath
    package var pathPosition: SourcePosition
    package var mode: UInt16
    package var owner: Ownership?
    /// A folder of the bundle, all of whose files are placed below `path`.
    package var source: RepositoryPath?
    package var sourcePosition: SourcePosition
    package var when: Selector?
}

package struct UnitEntry: Equatable, Sendable {
    package var name: String
    package var namePosition: SourcePosition
    package var enabled: Bool?
    package var activity: DesiredUnit.Activity?
    package var restartOn: [AbsolutePath]
    package var reloadOn: [AbsolutePath]
}

package struct ValidatorEntry: Equatable, Sendable {
    package var command: [String]
    package var timeout: Duration?
}

package struct HealthEntry: Equatable, Sendable {
    package var settle: Duration?
    package var interval: Duration?
    package var deadline: Duration?
    package var checks: [CheckEntry]
    package var position: SourcePosition
}

package struct CheckEntry: Equatable, Sendable {
    package var name: String
    package var namePosition: SourcePosition
    package var probe: HealthCheck.Probe
    package var timeout: Duration?
}
