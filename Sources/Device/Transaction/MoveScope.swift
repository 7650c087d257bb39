internal import AgentMachine
internal import DeviceRecords
internal import FleetModel
internal import UnitPlanning

/// Which paths a move puts right.
///
/// Healing touches the paths that it was asked for. Any other move touches what differs between the
/// two generations, and what has drifted in bundles that heal: a path whose drift is only reported
/// keeps it until a release changes that path.
struct MoveScope {
    let isHealing: Bool
    private let named: Set<String>
    private let bundlesThatHeal: Set<String>

    init(of move: Move, from old: DesiredState, to new: DesiredState) {
        isHealing = move.purpose == .heal
        switch move.purpose {
        case .heal:
            named = Set(move.paths)
            bundlesThatHeal = []
        case .upgrade, .goBack:
            named = Set(StateDifference(from: old, to: new).paths)
            bundlesThatHeal = Set(new.bundles.filter { $0.drift == .heal }.map(\.name))
        }
    }

    func covers(_ file: DesiredFile) -> Bool { covers(file.path, of: file.bundle) }

    func covers(_ path: String, of bundle: String) -> Bool {
        named.contains(path) || bundlesThatHeal.contains(bundle)
    }
}
