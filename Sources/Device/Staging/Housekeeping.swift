internal import DeviceRecords
package import FleetModel
internal import GitStore
package import HostSystem
internal import ReleaseTrust

/// Keeps the object store from growing for ever: decides what this device still needs of it, and
/// lets go of the rest where that pays.
package struct Housekeeping {
    private let store: RecordStore
    private let objects: ObjectStore

    /// Below this nothing is looked at: a store of this size is in nobody's way.
    private static let smallStore = 4 << 20

    init(store: RecordStore, objects: ObjectStore) {
        self.store = store
        self.objects = objects
    }

    /// For who has no store open. Nil where the device has none yet.
    package init?(root: Root) throws(StagingError) {
        store = RecordStore(root: root)
        let isThere = try at(.repository) { try root.exists(StateLayout.repository) }
        guard isThere else { return nil }
        objects = try ObjectStore.ofDevice(root)
    }

    /// Removes what nobody needs. `urgently`: any of it, because room is short.
    @discardableResult
    package func tidy(urgently: Bool = false, sparing tip: Revision? = nil) throws(StagingError)
        -> Bool
    {
        try at(.repository) {
            if try !urgently && objects.objectBytes() <= Self.smallStore
                && !objects.hasManyPacks()
            {
                return false
            }
            guard let kept = try kept(and: tip) else { return false }
            return try objects.tidy(keeping: kept, urgently: urgently).hasRemoved
        }
    }

    /// - The trust head with its files, for the next walk begins there and servers are told of it;
    ///   what the anchor names, for the day when memory is lost.
    /// - Every release from what stands here to the trust head: an order may open any of them.
    /// - The commits before, by which a tip below the floor is known for what it is.
    /// - What the kept generations are made of, templates as they were rendered.
    ///
    /// Nil where a record can't be read that would say so: then nothing goes.
    func kept(and tip: Revision? = nil) throws -> KeptObjects? {
        let head = try store.read(TrustHead.self, at: StateLayout.trust)?.release
        let anchor = try store.readIfWhole(TrustAnchor.self, at: StateLayout.anchor)?.release
        let applied = try store.readIfWhole(Ledger.self, at: StateLayout.ledger)?.revision
        var kept = KeptObjects(whole: [head, anchor, applied, tip].compactMap(\.self))
        if let head {
            let chain = try ReleaseChain.releases(
                leadingTo: head, atMost: Limits.releases,
                commit: { release throws in try objects.commit(release) })
            // Where nothing stands here yet, an order may open the first release as well.
            let waiting = applied.map { chain.firstIndex(of: $0) ?? 0 } ?? chain.count
            kept.whole += chain.prefix(waiting)
            kept.commits = Array(chain.dropFirst(waiting).prefix(Limits.rememberedReleases))
        }
        for number in try Generations.numbers(in: store) {
            let path = StateLayout.record(of: number)
            guard number > 0, try store.root.exists(path) else { continue }
            guard let record = try store.generationIfWhole(number) else { return nil }
            kept.blobs += record.state.files.compactMap(\.blob)
        }
        return kept
    }
}
