internal import AgentMachine
internal import DeviceRecords
internal import FleetModel
internal import HostSystem
internal import UnitPlanning

/// Which paths a move puts right.
///
/// Healing touches the paths that it was asked for. Any other move touches what differs between the
/// two generations, and what has drifted where drift is healed: a path whose drift is only reported
/// keeps it until a release changes that path. An owned directory is one thing: a release that
/// changes anything in it makes all of it as it is listed.
struct MoveScope {
    let isHealing: Bool
    let isGoingBack: Bool
    /// The owned directories that change as a whole.
    let remade: Set<String>
    /// Folders that the state before declared and this one only implies.
    let undeclared: Set<String>
    private let named: Set<String>
    private let footprint: Footprint
    private let policies: [String: DriftPolicy]
    private let attributesBefore: [String: Set<String>]

    init(of move: Move, from old: DesiredState, to new: DesiredState, _ footprint: Footprint) {
        isHealing = move.purpose == .heal
        isGoingBack = move.purpose == .goBack
        self.footprint = footprint
        switch move.purpose {
        case .heal:
            named = Set(move.paths)
            remade = []
            undeclared = []
            policies = [:]
            attributesBefore = [:]
        case .upgrade, .goBack:
            let changed = StateDifference(from: old, to: new).paths
            named = Set(changed)
            remade = Set(
                changed.compactMap { footprint.owned.contains($0) ? $0 : footprint.owner(of: $0) })
            undeclared = Set(old.applied.directories.map(\.path)).intersection(footprint.parents)
            policies = new.applied.policies()
            attributesBefore = Dictionary(
                old.applied.files.filter { !$0.attributes.isEmpty }
                    .map { ($0.path, Set($0.attributes.keys)) }, uniquingKeysWith: { $1 })
        }
    }

    /// Whether a path of the new state is put right.
    func covers(_ path: String) -> Bool {
        if named.contains(path) || policies[path] == .heal { return true }
        if remade.isEmpty { return false }
        return remade.contains(path) || footprint.owner(of: path).map(remade.contains) == true
    }

    /// Whether something is removed that an owned directory does not list.
    func removes(_ extra: String, from directory: String) -> Bool {
        named.contains(extra) || policies[directory] == .heal || remade.contains(directory)
    }

    /// Whether anything could be removed from an owned directory at all.
    func sweeps(_ directory: String) -> Bool {
        policies[directory] == .heal || remade.contains(directory)
            || named.contains { footprint.owner(of: $0) == directory && !footprint.lists($0) }
    }

    /// What the generation before gave a file and this one does not.
    func droppedAttributes(of file: DesiredFile) -> [String] {
        guard let before = attributesBefore[file.path] else { return [] }
        return before.subtracting(file.attributes.keys).sorted()
    }
}
