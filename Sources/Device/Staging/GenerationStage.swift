package import AgentMachine
internal import DeviceRecords
internal import FleetModel
internal import GitStore
package import HostSystem
internal import Transaction

/// Makes ready again what a move needs, for a generation that this device already knows: to go
/// back, to heal, or to go on after a power cut. Needs no network.
package struct GenerationStage {
    private let store: RecordStore
    private let objects: ObjectStore

    package init(root: Root) throws(StagingError) {
        store = RecordStore(root: root)
        objects = try ObjectStore.ofDevice(root)
    }

    package func run(_ move: Move) throws(StagingError) {
        let old = try at(.record) { try known(move.from) }
        let new = try at(.record) { try known(move.to) }
        let contents = DeviceContents(of: new.state, in: objects)
        try at(.disk) {
            try Stage(store: store).make(move, from: old, to: new, contents: contents.pour)
        }
    }

    private func known(_ number: Int) throws -> GenerationRecord {
        guard let record = try store.generation(number) else {
            throw StagingError(.record, "the record of generation \(number) is missing")
        }
        return record
    }
}

extension ObjectStore {
    /// The device's own store, made where it is missing.
    static func ofDevice(_ root: Root) throws(StagingError) -> ObjectStore {
        let path = root.hostPath(of: StateLayout.repository)
        return try at(.repository) {
            if try root.exists(StateLayout.repository) {
                let store = try ObjectStore(openingAt: path)
                try store.sweep()
                return store
            }
            let store = try ObjectStore(creatingAt: path)
            // The next fetch lends it to who fetches.
            try root.setMode(StateLayout.repository, 0o700)
            return store
        }
    }
}
