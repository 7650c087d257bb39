import FleetModel
import ReleaseTrust
import Signatures
import TestSupport
import Testing

@Suite struct ReleaseChainTests {
    @Test("a chain of signed releases is accepted to its tip, oldest first")
    func good() throws {
        try withTemporaryFolder { folder in
            let chain = try TestChain(in: folder)
            let releases = try (1...3).map {
                try chain.release("v\($0)", key: chain.alice, at: Int64($0))
            }
            var heard: [String] = []
            let verdict = try chain.walk(to: releases[2]) { release in
                heard.append(release.release.text)
                #expect(release.signer.principal == "alice")
                #expect(!release.changesTrust)
            }
            #expect(verdict.refusal == nil)
            #expect(verdict.head.release.text == releases[2])
            #expect(verdict.head.committed.seconds == TestChain.startTime + 180)
            #expect(verdict.headSignerStillTrusted)
            #expect(heard == releases)
            let again = try chain.walk(to: releases[2], from: verdict.head)
            #expect(again.acceptedCount == 0 && again.refusal == nil)
        }
    }

    @Test("devices with different floors on one chain come to one verdict")
    func oneVerdict() throws {
        try withTemporaryFolder { folder in
            let chain = try TestChain(in: folder)
            var releases = [chain.start]
            for index in 1...3 {
                releases.append(try chain.release("v\(index)", key: chain.alice, at: Int64(index)))
            }
            let bad = try chain.release("bad", key: chain.bob, at: 4)
            for release in releases {
                let verdict = try chain.walk(to: bad, from: chain.head(at: release))
                #expect(verdict.refusal?.code == .unknownSigner)
                #expect(verdict.refusal?.release.text == bad)
                #expect(verdict.head.release.text == releases[3])
            }
        }
    }

    @Test("a new key signs only after the release that brings it, the old one not after its last")
    func rotation() throws {
        try withTemporaryFolder { folder in
            let chain = try TestChain(in: folder)
            let early = try chain.release("early", key: chain.bob, at: 1)
            #expect(try chain.refusal(of: early) == .unknownSigner)

            try chain.repository.git("reset", "-q", "--hard", chain.start)
            try chain.trust("alice \(chain.alice.publicText)\nbob \(chain.bob.publicText)\n")
            let both = try chain.release("both", key: chain.alice, at: 2)
            try chain.trust("bob \(chain.bob.publicText)\n")
            let onlyBob = try chain.release("only bob", key: chain.bob, at: 3)
            var changes: [Bool] = []
            let verdict = try chain.walk(to: onlyBob) { changes.append($0.changesTrust) }
            #expect(verdict.refusal == nil)
            #expect(changes == [true, true])
            let late = try chain.release("late", key: chain.alice, at: 4)
            #expect(try chain.refusal(of: late) == .unknownSigner)

            // Content that Alice signed in her time is not newly applied any more.
            let raw = try chain.repository.rawCommit(both)
            let checking = LibcryptoSignatures()
            #expect(
                try ReleaseChain.stillTrusts(chain.head(at: both), release: raw, checking: checking)
            )
            #expect(!ReleaseChain.stillTrusts(verdict.head, release: raw, checking: checking))
        }
    }

    @Test("trust of the good releases before a bad one is taken over")
    func headBeforeRefusal() throws {
        try withTemporaryFolder { folder in
            let chain = try TestChain(in: folder)
            let good = try chain.release("good", key: chain.alice, at: 1)
            try chain.release("unsigned", key: nil, at: 2)
            let tip = try chain.release("signed again", key: chain.alice, at: 3)
            let verdict = try chain.walk(to: tip)
            #expect(verdict.refusal?.code == .unsigned)
            #expect(verdict.head.release.text == good)
            #expect(verdict.acceptedCount == 1)
        }
    }

    @Test("history may be cut by a release without a parent that says what it continues")
    func continues() throws {
        try withTemporaryFolder { folder in
            let chain = try TestChain(in: folder)
            let cut = try orphan(
                chain, "Cut\n\nFlotilla-Channel: fleet/main\nFlotilla-Continues: \(chain.start)\n")
            #expect(try chain.refusal(of: cut) == nil)
            let foreign = try orphan(chain, "Cut\n\nFlotilla-Channel: fleet/main\n")
            #expect(try chain.refusal(of: foreign) == .notOnChain)
        }
    }

    private func orphan(_ chain: TestChain, _ message: String) throws -> String {
        try chain.repository.git(
            "-c", "gpg.format=ssh", "-c", "user.signingkey=\(chain.alice.path)", "commit-tree",
            "-S",
            "-m", message, "HEAD^{tree}", at: TestChain.startTime + 60
        ).text
    }

    @Test("a release that wants two people is refused by this version, with a sentence")
    func policyOfTwo() throws {
        try withTemporaryFolder { folder in
            let chain = try TestChain(in: folder)
            try chain.repository.write(
                "trust/policy.yaml", "format: 1\napprovals:\n  default: 1\n  trust/**: 2\n")
            // Enough people, so that only the version is the obstacle.
            let tip = try chain.release("two", key: chain.alice, at: 1)
            #expect(try chain.refusal(of: tip) == .policyUnsupported)
        }
    }

    @Test("an anchor whose release is of another channel, or is missing, starts nothing")
    func anchor() throws {
        try withTemporaryFolder { folder in
            let chain = try TestChain(in: folder)
            let signers = try chain.head().allowedSigners
            for (name, release, code) in [
                ("fleet/other", chain.start, TrustRefusal.Code.wrongChannel),
                ("fleet/main", String(repeating: "7", count: 40), .missingObject),
            ] {
                let anchor = TrustAnchor(
                    channel: try #require(ChannelName(name)), release: try chain.revision(release),
                    allowedSigners: signers)
                let result = try ReleaseChain.start(
                    at: anchor, commit: chain.commit, trustFiles: chain.trustFiles)
                #expect(throws: TrustRefusal.self) { try result.get() }
                if case .failure(let refusal) = result { #expect(refusal.code == code) }
            }
        }
    }
}
