import Documents
import FleetModel
import Foundation
import ReleaseTrust
import Signatures
import TestSupport
import Testing

/// A fleet repository with real keys, made by Git, and the walk of a device over it.
struct TestChain {
    static let channel = "fleet/main"
    let folder: URL
    let repository: TestRepository
    let alice: TestKey
    let bob: TestKey
    let start: String
    /// The committer time of the first release.
    static let startTime: Int64 = 1_700_000_000

    /// The first release trusts Alice, and Bob where the test wants it.
    init(in folder: URL, signers: (TestChain.Keys) -> String = { "alice \($0.alice)\n" }) throws {
        self.folder = folder
        repository = try TestRepository(in: folder.appendingPathComponent("repository"))
        alice = try TestKey("alice", in: folder)
        bob = try TestKey("bob", in: folder)
        try repository.write(
            "trust/allowed_signers", signers(Keys(alice: alice.publicText, bob: bob.publicText)))
        try repository.write("trust/policy.yaml", "format: 1\n")
        start = try repository.commit(
            "First\n\nFlotilla-Channel: \(Self.channel)", key: alice, at: Self.startTime)
    }

    struct Keys {
        let alice: String
        let bob: String
    }

    /// Commits a change as a release, one minute after the one before by default.
    @discardableResult
    func release(
        _ text: String, key: TestKey?, at minutes: Int64, channel: String = Self.channel,
        message: String? = nil
    ) throws -> String {
        try repository.write("content", text)
        return try repository.commit(
            message ?? "\(text)\n\nFlotilla-Channel: \(channel)", key: key,
            at: Self.startTime + minutes * 60)
    }

    func trust(_ text: String) throws { try repository.write("trust/allowed_signers", text) }

    /// The head of a device that was installed with `release`.
    func head(at release: String? = nil) throws -> TrustHead {
        let release = try revision(release ?? start)
        let text = try repository.git("show", "\(release):trust/allowed_signers").output
        let anchor = TrustAnchor(
            channel: try #require(ChannelName(Self.channel)), release: release,
            allowedSigners: try AllowedSigners(
                text: String(decoding: text, as: UTF8.self), file: "anchor"))
        return try ReleaseChain.start(at: anchor, commit: commit, trustFiles: trustFiles).get()
    }

    /// What a device says about `tip`, one hour after the first release unless told otherwise.
    func walk(
        to tip: String, from head: TrustHead? = nil, knownMinutes: Int64 = 60,
        accepted: (AcceptedRelease) -> Void = { _ in }
    ) throws -> ChainVerdict {
        try ReleaseChain.walk(
            from: head ?? self.head(), to: revision(tip),
            knownTime: Instant(seconds: Self.startTime + knownMinutes * 60), commit: commit,
            trustFiles: trustFiles, checking: LibcryptoSignatures(), accepted: accepted)
    }

    /// The code with which a device at the first release refuses `tip`.
    func refusal(of tip: String, knownMinutes: Int64 = 60) throws -> TrustRefusal.Code? {
        let verdict = try walk(to: tip, knownMinutes: knownMinutes)
        if let refusal = verdict.refusal {
            #expect(!refusal.message.isEmpty && !refusal.fix.isEmpty)
        } else {
            #expect(verdict.head.release.text == tip)
        }
        return verdict.refusal?.code
    }

    func revision(_ text: String) throws -> Revision { try #require(Revision(text)) }

    func commit(_ release: Revision) throws -> [UInt8]? {
        let exists = try runChild(
            ["git", "cat-file", "-e", release.text], in: repository.folder)
        return exists.status == 0 ? try repository.rawCommit(release.text) : nil
    }

    func trustFiles(_ release: Revision) throws -> TrustFiles? {
        TrustFiles(
            allowedSigners: try file("trust/allowed_signers", of: release).map { .read($0) }
                ?? .missing,
            policy: try file("trust/policy.yaml", of: release).map { .read(policyNode($0)) }
                ?? .missing)
    }

    private func file(_ path: String, of release: Revision) throws -> String? {
        let result = try runChild(
            ["git", "cat-file", "blob", "\(release.text):\(path)"], in: repository.folder)
        return result.status == 0 ? String(decoding: result.output, as: UTF8.self) : nil
    }
}

/// Two levels of `key: value` lines, which is all that a policy of these tests has.
private func policyNode(_ text: String) -> Node {
    var entries: [Node.Entry] = []
    for (index, line) in text.split(separator: "\n").enumerated() {
        let position = SourcePosition(line: index + 1, column: 1)
        let parts = line.split(separator: ":", maxSplits: 1)
        let value = parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
        let scalar = Node(.scalar(.init(text: value, isQuoted: false)), at: position)
        let entry = Node.Entry(
            key: parts[0].trimmingCharacters(in: .whitespaces), keyPosition: position, value: scalar
        )
        if line.hasPrefix(" "), var parent = entries.popLast() {
            var children: [Node.Entry] = []
            if case .mapping(let others) = parent.value.content { children = others }
            parent.value = Node(.mapping(children + [entry]), at: position)
            entries.append(parent)
        } else {
            entries.append(entry)
        }
    }
    return Node(.mapping(entries), at: SourcePosition(line: 1, column: 1))
}
