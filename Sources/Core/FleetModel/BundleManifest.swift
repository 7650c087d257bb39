package import Documents

/// `bundle.yaml`: one unit of configuration.
package struct BundleManifest: Equatable, Sendable {
    package var match: Selector
    package var needs: AgentRequirement?
    /// Nil takes the fleet's default.
    package var drift: DriftPolicy?
    package var mode: BundleMode
    package var rebootOn: [AbsolutePath]
    /// Nil is judged by what the bundle changes.
    package var network: Bool?
    package var files: [FileEntry]
    package var links: [LinkEntry]
    package var directories: [DirectoryEntry]
    package var units: [UnitEntry]
    package var hooks: [HookEntry]
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
    package var create: Creation
    package var drift: DriftPolicy?
    package var attributes: [String: String]
    package var isTemplate: Bool
    package var when: Selector?
}

package struct LinkEntry: Equatable, Sendable {
    package var path: ManagedPath
    package var pathPosition: SourcePosition
    package var target: String
    package var drift: DriftPolicy?
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
    package var isOwned: Bool
    package var drift: DriftPolicy?
    package var when: Selector?
}

package struct UnitEntry: Equatable, Sendable {
    package var name: String
    package var namePosition: SourcePosition
    package var enabled: Bool?
    package var activity: DesiredUnit.Activity?
    package var restartOn: [AbsolutePath]
    package var reloadOn: [AbsolutePath]
    package var after: [String]
    package var drift: DriftPolicy?
}

package struct HookEntry: Equatable, Sendable {
    package var name: String
    package var namePosition: SourcePosition
    package var moment: DesiredHook.Moment
    package var command: [String]
    package var on: [AbsolutePath]
    package var timeout: Duration?
}

package struct ValidatorEntry: Equatable, Sendable {
    package var command: [String]
    package var timeout: Duration?
    package var view: DesiredValidator.View
}

package struct HealthEntry: Equatable, Sendable {
    package var settle: Duration?
    package var interval: Duration?
    package var deadline: Duration?
    package var checks: [CheckEntry]
    package var scope: HealthGate.Scope?
    package var wayHome: Duration?
    package var position: SourcePosition
}

package struct CheckEntry: Equatable, Sendable {
    package var name: String
    package var namePosition: SourcePosition
    package var probe: HealthCheck.Probe
    package var timeout: Duration?
    package var retries: Int?
}
