import AgentMachine
import DeviceRecords
import Documents
import FleetModel
import Foundation
import GitStore
import HostSystem
import ReleaseTrust
import TestSupport
import Testing
import Transaction

@testable import Staging

/// A fleet repository with real signatures, and a device that was installed with its first release
/// and fetches from it.
struct StagedFleet {
    static let channel = "harbour/main"
    static let bundle = "bundles/web/bundle.yaml"
    static let bundleText = """
        match: role=gateway
        files:
          - {source: files/site.conf, path: /etc/web/site.conf, template: true}
          - {source: files/plain, path: /etc/web/plain, mode: '0640'}

        """

    let folder: URL
    let repository: TestRepository
    let alice: TestKey
    let bob: TestKey
    let first: Revision
    let root: Root
    let store: RecordStore

    /// `signers` is what the first release trusts, `anchored` what the device was told to trust.
    init(
        in folder: URL, signers: (TestKey, TestKey) -> String = { alice, _ in line(alice) },
        anchored: ((TestKey, TestKey) -> String)? = nil
    ) throws {
        self.folder = folder
        repository = try TestRepository(in: folder.appendingPathComponent("fleet"))
        alice = try TestKey("alice", in: folder)
        bob = try TestKey("bob", in: folder)
        for (path, text) in Self.files { try repository.write(path, text) }
        try repository.write("trust/allowed_signers", signers(alice, bob))
        let message = "First\n\nFlotilla-Channel: \(Self.channel)"
        first = try #require(Revision(try repository.commit(message, key: alice)))

        let device = folder.appendingPathComponent("device")
        try FileManager.default.createDirectory(at: device, withIntermediateDirectories: true)
        root = try Root(device.path)
        store = RecordStore(root: root)
        try root.makeStateFolders()
        try root.makeFolders("/etc/flotilla")
        let trusted = anchored?(alice, bob) ?? signers(alice, bob)
        try store.write(
            TrustAnchor(
                channel: try #require(ChannelName(Self.channel)), release: first,
                allowedSigners: try AllowedSigners(text: trusted, file: "anchor")),
            at: StateLayout.anchor)
        let text = "device: gw-1\nchannel: main\nrepository: {url: unused}\nservices: none\n"
        try root.createFile(StateLayout.configuration, contents: Array(text.utf8), mode: 0o600)
    }

    static func line(_ key: TestKey) -> String {
        let name = URL(fileURLWithPath: key.path).lastPathComponent
        return "\(name) \(key.publicText)\n"
    }

    private static var files: [String: String] {
        guard let device = DeviceID("gw-1") else { fatalError("gw-1 is a device id") }
        return [
            "fleet.yaml": "format: 1\nname: harbour\n",
            "trust/policy.yaml": "format: 1\n",
            FleetLayout.deviceFile(device): "labels: {role: gateway}\n",
            bundle: bundleText,
            "bundles/web/files/site.conf": "# {{ device.id }}\n",
            "bundles/web/files/plain": "plain\n",
        ]
    }

    // MARK: The operator

    /// Publishes the working folder as a release, `minutes` after the first one.
    @discardableResult
    func release(
        _ subject: String, at minutes: Int64, key: TestKey? = nil, channel: String = channel
    ) throws -> Revision {
        try release(
            "\(subject)\n\nFlotilla-Channel: \(channel)", at: minutes, signedBy: key ?? alice)
    }

    func release(_ message: String, at minutes: Int64, signedBy key: TestKey?) throws -> Revision {
        let time = 1_700_000_000 + minutes * 60
        return try #require(Revision(try repository.commit(message, key: key, at: time)))
    }

    // MARK: The device

    /// What the worker's `fetch` does, from a folder instead of a server.
    func fetch() throws -> Revision {
        try root.removeTree(StateLayout.incoming)
        let objects = StateLayout.repository + "/objects"
        let fetcher = Fetcher(
            incoming: root.hostPath(of: StateLayout.incoming),
            borrowingFrom: try root.exists(objects) ? root.hostPath(of: objects) : nil)
        var request = FetchRequest(url: repository.folder.path, branch: "main")
        request.allowLocal = true
        if let head = try trust(), try root.exists(objects) { request.known = [head.release] }
        return try fetcher.fetch(request).tip
    }

    func stage(
        _ tip: Revision, applies: Bool = true, opened: Revision? = nil
    ) throws -> StageOutcome {
        try RevisionStage(
            root: root, configuration: AgentConfiguration(of: root),
            worker: try builtProgram("flotilla-worker")
        ).run(tip: tip, applies: applies, opened: opened).outcome
    }

    @discardableResult
    func fetchAndStage(applies: Bool = true) throws -> StageOutcome {
        try stage(try fetch(), applies: applies)
    }

    func restage(_ move: Move) throws { try GenerationStage(root: root).run(move) }

    /// What the agent does with what is staged.
    func flip(_ move: Move) throws {
        let old = try #require(try store.generation(move.from))
        let new = try #require(try store.generation(move.to))
        try store.write(Journal(phase: .flipping, move: move), at: StateLayout.journal)
        try Flip(store: store).perform(move, from: old, to: new)
        try store.remove(StateLayout.journal)
        try Recovery(store: store).settle()
    }

    /// Fetches, stages and flips to the channel's tip. Returns the generation.
    @discardableResult
    func apply() throws -> Int {
        let from = try store.currentGeneration()
        let candidate = try #require(candidate(of: try fetchAndStage()))
        try flip(Move(.upgrade, from: from, to: candidate.generation))
        return candidate.generation
    }

    func candidate(of outcome: StageOutcome) -> Candidate? {
        guard case .staged(let candidate) = outcome.verdict else {
            Issue.record("not staged: \(outcome)")
            return nil
        }
        return candidate
    }

    func trust() throws -> TrustHead? { try store.read(TrustHead.self, at: StateLayout.trust) }
    func anchor() throws -> TrustAnchor? {
        try store.read(TrustAnchor.self, at: StateLayout.anchor)
    }

    func text(_ path: String) throws -> String? {
        try root.readFile(path, limit: 1 << 20).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The staged files of a generation: what they hold, by the path where they are to stand.
    func stagedTexts(_ generation: Int) throws -> [String: String] {
        let path = StateLayout.stagedManifest(of: generation)
        guard let manifest = try store.read(StagedFiles.self, at: path) else { return [:] }
        var texts: [String: String] = [:]
        for item in manifest.items { texts[item.path] = try text(item.staged) }
        return texts
    }

    /// Everything below the root but some paths: kind, access, time of change and content.
    func snapshot(without left: [String]) throws -> [String: String] {
        var found: [String: String] = [:]
        try visit("/", without: left, &found)
        return found
    }

    private func visit(_ path: String, without left: [String], _ found: inout [String: String])
        throws
    {
        guard !left.contains(path), let status = try root.status(of: path) else { return }
        var text = "\(status.kind) \(status.mode) \(status.owner)"
        switch status.kind {
        case .directory:
            for name in try root.listFolder(path, limit: 10_000) ?? [] {
                try visit(DevicePath.join(path, name), without: left, &found)
            }
        case .symbolicLink: text += try " -> \(root.readLink(path) ?? "")"
        default: text += try " \(status.modified) = \(root.readFile(path, limit: 1 << 26) ?? [])"
        }
        found[path] = text
    }

    /// What staging may change at all.
    static let own = [StateLayout.state, StateLayout.run, StateLayout.anchor]
    /// What even a refused tip may change: objects that nobody uses.
    static let objects = [StateLayout.repository, StateLayout.incoming]
}

func withFleet<Result>(_ body: (StagedFleet) throws -> Result) throws -> Result {
    try withTemporaryFolder { try body(try StagedFleet(in: $0)) }
}
