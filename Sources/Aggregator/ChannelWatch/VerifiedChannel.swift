internal import Documents
package import FleetModel
internal import GitStore
internal import HostSystem
internal import JSONDocument
package import ReleaseTrust
package import Resolution
internal import Signatures
internal import YAMLDocument

/// The aggregator's own copy of a channel, verified as devices verify it: nothing in it is believed
/// because a server said so.
///
/// All of it blocks, so it lives on a thread of its own. The trust head stands beside the objects
/// and not in the database: who puts back an old copy of the database does not put back the floor.
package final class VerifiedChannel {
    private let settings: ChannelSettings
    private let root: Root
    private let anchor: TrustAnchor
    private let objects: ObjectStore
    /// Nil until the anchored release is in the store.
    package private(set) var head: TrustHead?
    /// The manifests of the releases that were asked for last.
    private var resolvers: [(release: Revision, resolver: FleetResolver)] = []

    private static let repository = "/repository"
    private static let incoming = "/incoming"
    private static let trust = "/trust.json"
    /// The release that runs, the one that waits, and the one before both.
    private static let resolverCount = 3

    package init(_ settings: ChannelSettings) throws(ChannelFault) {
        self.settings = settings
        anchor = try Self.anchor(of: settings)
        let root = try at(.store) { try Root(makingAt: settings.folder) }
        self.root = root
        objects = try at(.store) { try Self.openObjects(below: root) }
        head = try Self.readHead(below: root, for: settings.channel)
    }

    /// What a fetch is to bring.
    package func order() throws(ChannelFault) -> FetchOrder {
        try at(.store) { try root.removeTree(Self.incoming) }
        return FetchOrder(
            incoming: root.hostPath(of: Self.incoming), objects: objects.objectsPath,
            known: head.map { [$0.release] } ?? [], notBefore: head?.committed)
    }

    /// Takes over what was fetched, and walks the chain to `tip`. The head moves forward at once
    /// and is on the disk when this returns.
    package func advance(to tip: Revision) throws(ChannelFault) -> ChainVerdict {
        try at(.store) {
            _ = try objects.importPacks(
                from: root.hostPath(of: Self.incoming), limit: Limits.importBytes)
            try root.removeTree(Self.incoming)
        }
        let verdict = try walk(from: floor(), to: tip)
        if verdict.head != head {
            try keep(verdict.head)
            head = verdict.head
        }
        return verdict
    }

    private func keep(_ head: TrustHead) throws(ChannelFault) {
        try at(.store) {
            try root.replaceFile(
                Self.trust, with: Array((head.json.pretty + "\n").utf8), mode: 0o600)
        }
    }

    // MARK: The chain

    private func floor() throws(ChannelFault) -> TrustHead {
        let floor = try at(.store) {
            try ReleaseChain.floor(
                stored: head, anchor: anchor, clock: Clocks.wall(),
                commit: { release throws in try objects.commit(release) },
                trustFiles: { release throws in try trustFiles(of: release) },
                checking: LibcryptoSignatures())
        }
        switch floor {
        case .success(let head): return head
        case .failure(.refused(let refusal)):
            throw ChannelFault(
                .anchor, "the anchor \(settings.anchorFile) does not fit the channel: \(refusal)")
        case .failure(.otherChannel(let stored, let anchored)):
            throw ChannelFault(
                .anchor,
                "\(root.hostPath(of: Self.trust)) is about \(stored) and \(settings.anchorFile) "
                    + "about \(anchored). Put the right anchor there, or give the aggregator "
                    + "another folder.")
        }
    }

    private func walk(from head: TrustHead, to tip: Revision) throws(ChannelFault) -> ChainVerdict {
        try at(.store) {
            try ReleaseChain.walk(
                from: head, to: tip, knownTime: max(Clocks.wall(), head.committed),
                commit: { release throws in try objects.commit(release) },
                trustFiles: { release throws in try trustFiles(of: release) },
                checking: LibcryptoSignatures())
        }
    }

    private func trustFiles(of release: Revision) throws -> TrustFiles? {
        guard objects.contains(release) else { return nil }
        return try TrustFiles(from: objects.tree(of: release), parse: YAML.parse)
    }

    // MARK: What a release says

    /// What stands in a release that the walk accepted.
    package func content(of release: Revision) throws(ChannelFault) -> ReleaseContent {
        guard let raw = try at(.store, { try objects.commit(release) }) else {
            throw ChannelFault(.store, "the release \(release.text) is not in the store")
        }
        let commit = try at(.store) { try ReleaseCommit(raw) }
        var content = ReleaseContent(
            release: release, tree: commit.tree, committed: commit.committed)
        do throws(ResolutionError) {
            let reading = FleetReading(tree: try tree(of: release), parse: YAML.parse)
            let fleet = try reading.fleet()
            guard fleet.name == settings.channel.fleet else {
                content.faults =
                    "fleet.yaml names the fleet \(fleet.name), and the channel is of "
                    + settings.channel.fleet
                return content
            }
            content.rollout = try reading.rollout()
            content.mode = fleet.rollout
        } catch {
            content.faults = String(error.description.prefix(Limits.reasonBytes))
        }
        return content
    }

    /// What each device should have under a release.
    package func expectations(
        of devices: [DeviceIdentity], under release: Revision
    ) throws(ChannelFault) -> [DeviceID: ExpectedState] {
        var expectations: [DeviceID: ExpectedState] = [:]
        for device in devices {
            expectations[device.id] = try expectation(of: device, under: release)
        }
        return expectations
    }

    private func expectation(
        of device: DeviceIdentity, under release: Revision
    ) throws(ChannelFault) -> ExpectedState {
        do throws(ResolutionError) {
            return .digest(try resolver(of: release).resolve(device).state.digest)
        } catch {
            let text = String(error.description.prefix(Limits.reasonBytes))
            switch error.code {
            case .needsAgent: return .needsAgent(text)
            case .invalid, .tooMany: return .invalid(text)
            case .unreadable(let fault) where fault.code != .unreadable: return .invalid(text)
            case .unreadable: throw ChannelFault(.store, text)
            }
        }
    }

    private func resolver(of release: Revision) throws(ResolutionError) -> FleetResolver {
        if let known = resolvers.first(where: { $0.release == release }) { return known.resolver }
        let resolver = FleetResolver(tree: try tree(of: release), parse: YAML.parse)
        resolvers = [(release, resolver)] + resolvers.prefix(Self.resolverCount - 1)
        return resolver
    }

    private func tree(of release: Revision) throws(ResolutionError) -> GitRevisionTree {
        do throws(GitError) {
            return try objects.tree(of: release)
        } catch {
            throw ResolutionError(
                .unreadable(
                    RevisionTreeError(.unreadable, path: release.text, message: "\(error)")))
        }
    }
}

// MARK: Opening

extension VerifiedChannel {
    package static func anchor(of settings: ChannelSettings) throws(ChannelFault) -> TrustAnchor {
        let file = settings.anchorFile
        let bytes = try at(.anchor) {
            try Root.contents(ofHostFile: file, limit: Limits.recordBytes)
        }
        guard let bytes else {
            throw ChannelFault(
                .anchor,
                "\(file) is missing: without it the aggregator knows no key to trust. Put there "
                    + "what `flotilla anchor` prints in the fleet repository.")
        }
        let anchor = try at(.anchor) {
            try TrustAnchor(YAML.parse(bytes, file: file), file: file)
        }
        guard anchor.channel == settings.channel else {
            throw ChannelFault(
                .anchor,
                "the anchor \(file) is for \(anchor.channel), and the aggregator watches "
                    + "\(settings.channel). Make them agree.")
        }
        return anchor
    }

    private static func openObjects(below root: Root) throws -> ObjectStore {
        let path = root.hostPath(of: repository)
        let store =
            try root.exists(repository)
            ? ObjectStore(openingAt: path) : ObjectStore(creatingAt: path)
        try store.sweep()
        return store
    }

    private static func readHead(
        below root: Root, for channel: ChannelName
    ) throws(ChannelFault) -> TrustHead? {
        let bytes = try at(.store) { try root.readFile(trust, limit: Limits.recordBytes) }
        guard let bytes else { return nil }
        let file = root.hostPath(of: trust)
        return try at(.store) { try TrustHead(JSON.parse(bytes, file: file), file: file) }
    }
}
