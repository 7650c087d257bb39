internal import DeviceRecords
internal import FleetModel
internal import GitStore
internal import HostSystem
internal import ReleaseTrust
internal import Signatures
internal import YAMLDocument

/// Keeps the trust head: walks the chain of releases to its end, and writes down how far it got.
struct TrustKeeper {
    let store: RecordStore
    let objects: ObjectStore
    let configuration: AgentConfiguration

    /// Walks from the floor to `tip`. The head moves forward at once, whether or not the content of
    /// the releases is ever applied.
    func advance(to tip: Revision) throws(StagingError) -> ChainVerdict {
        let (anchor, stored) = (try readAnchor(), try storedHead())
        let known = try knownHead(anchor, stored)
        let verdict = try walk(from: known, to: tip)
        if stored != verdict.head {
            try keep(verdict.head)
        } else if anchor != verdict.head.anchor {
            // A power cut left the second copy behind. Where it can't be written, memory is enough.
            try? store.write(verdict.head.anchor, at: StateLayout.anchor)
        }
        return verdict
    }

    private func knownHead(
        _ anchor: TrustAnchor, _ stored: TrustHead?
    ) throws(StagingError) -> TrustHead {
        let floor = try at(.repository) {
            try ReleaseChain.floor(
                stored: stored, anchor: anchor, clock: Clocks.wall(),
                commit: { release throws in try objects.commit(release) },
                trustFiles: { release throws in try trustFiles(of: release) },
                checking: LibcryptoSignatures())
        }
        switch floor {
        case .success(let head): return head
        case .failure(.refused(let refusal)): throw StagingError(.trust, "\(refusal)")
        case .failure(.otherChannel(let stored, let anchored)):
            throw StagingError(
                .trust,
                "\(StateLayout.trust) is about \(stored) and \(StateLayout.anchor) about "
                    + "\(anchored). Put the right anchor there; to follow another channel, "
                    + "remove \(StateLayout.trust) as well.")
        }
    }

    private func readAnchor() throws(StagingError) -> TrustAnchor {
        let anchor = try at(.trust) { try store.read(TrustAnchor.self, at: StateLayout.anchor) }
        guard let anchor else {
            throw StagingError(
                .trust,
                "\(StateLayout.anchor) is missing: without it this device knows no key to trust. "
                    + "Put there what `flotilla anchor` prints in the fleet repository.")
        }
        guard anchor.channel.channel == configuration.channel else {
            throw StagingError(
                .trust,
                "the anchor is for the channel \(anchor.channel.channel), and "
                    + "\(StateLayout.configuration) follows \(configuration.channel). "
                    + "Make them agree.")
        }
        return anchor
    }

    private func storedHead() throws(StagingError) -> TrustHead? {
        try at(.record) { try store.read(TrustHead.self, at: StateLayout.trust) }
    }

    /// Memory first, then its second copy: a power cut in between leaves the anchor behind until the
    /// next look.
    private func keep(_ head: TrustHead) throws(StagingError) {
        try at(.record) {
            try store.write(head, at: StateLayout.trust)
            try store.write(head.anchor, at: StateLayout.anchor)
        }
    }

    // MARK: The chain

    private func walk(from head: TrustHead, to tip: Revision) throws(StagingError)
        -> ChainVerdict
    {
        // The clock counts only where it is not behind what signed statements told.
        let knownTime = max(Clocks.wall(), head.committed)
        return try at(.repository) {
            try ReleaseChain.walk(
                from: head, to: tip, knownTime: knownTime,
                commit: { release throws in try objects.commit(release) },
                trustFiles: { release throws in try trustFiles(of: release) },
                checking: LibcryptoSignatures())
        }
    }

    private func trustFiles(of release: Revision) throws -> TrustFiles? {
        try TrustFiles(from: objects.tree(of: release), parse: YAML.parse)
    }
}
