internal import DeviceRecords
internal import FleetModel
internal import HostSystem
internal import Transaction
internal import UnitPlanning

/// What a validator that looks at the real paths has to see there: everything that the generation
/// changes.
struct PlacedView {
    let store: RecordStore
    let old: GenerationRecord
    let new: GenerationRecord
    /// Where a file's bytes stand ready, or already stand.
    let ready: (DesiredFile) -> String

    /// A folder comes before what is in it, and what leaves makes room first.
    func places() -> [PlacedCommand.Place] {
        let state = new.state.applied
        let difference = StateDifference(from: old.state, to: new.state)
        let leaves = (difference.files + difference.links).filter { $0.change == .removed }
        let kept = Set(state.files.map(\.path) + state.links.map(\.path))
        var places = leaves.filter { !kept.contains($0.path) }
            .map { PlacedCommand.Place($0.path, .nothing) }
        places += state.directories.map { PlacedCommand.Place($0.path, .folder(mode: $0.mode)) }
        for file in state.files {
            let source = ready(file)
            // What stands there already is seen there.
            if source == file.path { continue }
            places.append(.init(file.path, .file(store.root.hostPath(of: source))))
        }
        return places + state.links.map { PlacedCommand.Place($0.path, .link($0.target)) }
    }
}
