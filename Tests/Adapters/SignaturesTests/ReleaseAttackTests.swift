import FleetModel
import ReleaseTrust
import Signatures
import TestSupport
import Testing

/// What somebody tries who has the server, and sometimes a key. Each attack is made with real Git
/// objects and must be refused for its own reason.
@Suite struct ReleaseAttackTests {
    /// Changes the raw bytes of the commit `release` and stores them under their new id.
    private func forged(
        _ chain: TestChain, _ release: String, _ change: (String) -> String
    ) throws -> String {
        let text = String(decoding: try chain.repository.rawCommit(release), as: UTF8.self)
        let changed = change(text)
        #expect(changed != text)
        return try chain.repository.store(commit: Array(changed.utf8))
    }

    @Test("an unsigned release")
    func unsigned() throws {
        try withTemporaryFolder { folder in
            let chain = try TestChain(in: folder)
            #expect(try chain.refusal(of: chain.release("x", key: nil, at: 1)) == .unsigned)
        }
    }

    @Test("a release whose message, tree or time was changed after it was signed")
    func tampered() throws {
        try withTemporaryFolder { folder in
            let chain = try TestChain(in: folder)
            let good = try chain.release("good", key: chain.alice, at: 1)
            let goodTree = try chain.repository.git("rev-parse", "\(good)^{tree}").text
            let otherTree = try chain.repository.git("rev-parse", "\(chain.start)^{tree}").text
            let message = try forged(chain, good) {
                $0.replacing("good\n\n", with: "evil\n\n")
            }
            #expect(try chain.refusal(of: message) == .tampered)
            let tree = try forged(chain, good) { $0.replacing(goodTree, with: otherTree) }
            #expect(try chain.refusal(of: tree) == .tampered)
            let time = try forged(chain, good) {
                $0.replacing("\(TestChain.startTime + 60)", with: "\(TestChain.startTime + 61)")
            }
            #expect(try chain.refusal(of: time) == .tampered)
        }
    }

    @Test("a good signature moved to another commit")
    func moved() throws {
        try withTemporaryFolder { folder in
            let chain = try TestChain(in: folder)
            let raw = String(decoding: try chain.repository.rawCommit(chain.start), as: UTF8.self)
            let start = try #require(raw.firstRange(of: "gpgsig "))
            let end = try #require(raw.firstRange(of: "-----END SSH SIGNATURE-----\n"))
            let header = raw[start.lowerBound..<end.upperBound]
            let victim = try chain.release("evil", key: nil, at: 1)
            let forged = try forged(chain, victim) {
                $0.replacing("\n\n", with: "\n\(header)\n", maxReplacements: 1)
            }
            #expect(try chain.refusal(of: forged) == .tampered)
        }
    }

    @Test("an armor that is cut off, two signatures, or one of OpenPGP")
    func brokenArmor() throws {
        try withTemporaryFolder { folder in
            let chain = try TestChain(in: folder)
            let good = try chain.release("good", key: chain.alice, at: 1)
            let cut = try forged(chain, good) {
                $0.replacing(" -----END SSH SIGNATURE-----\n", with: "")
            }
            #expect(try chain.refusal(of: cut) == .tampered)
            let raw = String(decoding: try chain.repository.rawCommit(good), as: UTF8.self)
            let header = try #require(raw.firstRange(of: "gpgsig "))
            let twice = try forged(chain, good) {
                $0.replacing(
                    "\n\n", with: "\n\(raw[header.lowerBound...].prefix(60))\n\n",
                    maxReplacements: 1)
            }
            #expect(try chain.refusal(of: twice) == .malformedCommit)
            let openPGP = try forged(chain, good) {
                $0.replacing("BEGIN SSH SIGNATURE", with: "BEGIN PGP SIGNATURE")
            }
            #expect(try chain.refusal(of: openPGP) == .unsigned)
        }
    }

    @Test("a stranger's key, whatever its line would say")
    func unknownSigner() throws {
        try withTemporaryFolder { folder in
            let chain = try TestChain(in: folder)
            let stranger = try TestKey("mallory", in: folder)
            try chain.trust("alice \(chain.alice.publicText)\nmallory \(stranger.publicText)\n")
            #expect(
                try chain.refusal(of: chain.release("x", key: stranger, at: 1)) == .unknownSigner)
        }
    }

    @Test("a key of a kind that this version can't verify")
    func unsupportedKey() throws {
        try withTemporaryFolder { folder in
            let key = try TestKey("carol", in: folder, kind: ["ecdsa", "-b", "256"])
            let chain = try TestChain(in: folder) { "alice \($0.alice)\ncarol \(key.publicText)\n" }
            #expect(try chain.refusal(of: chain.release("x", key: key, at: 1)) == .unsupportedKey)
        }
    }

    @Test("a signature that was made for a file, and a key that may only sign files")
    func wrongNamespace() throws {
        try withTemporaryFolder { folder in
            let chain = try TestChain(in: folder) {
                "alice \($0.alice)\nbob namespaces=\"file,flotilla-*\" \($0.bob)\n"
            }
            #expect(
                try chain.refusal(of: chain.release("x", key: chain.bob, at: 1)) == .wrongNamespace)

            // Alice is made to sign the bytes of a commit as a file.
            try chain.repository.git("reset", "-q", "--hard", chain.start)
            let unsigned = try chain.release("x", key: nil, at: 2)
            let signature = try runChild(
                ["ssh-keygen", "-Y", "sign", "-n", "file", "-f", chain.alice.path], in: folder,
                input: chain.repository.rawCommit(unsigned)
            ).text.replacing("\n", with: "\n ")
            let forged = try forged(chain, unsigned) {
                $0.replacing("\n\n", with: "\ngpgsig \(signature)\n\n", maxReplacements: 1)
            }
            #expect(try chain.refusal(of: forged) == .wrongNamespace)
        }
    }

    @Test("a key that had expired, was not yet valid, or expired and back-dates its commit")
    func expired() throws {
        try withTemporaryFolder { folder in
            // The first release is of 2023-11-14, 22:13:20.
            let chain = try TestChain(in: folder) {
                "alice \($0.alice)\nbob valid-before=\"20231114221600Z\" \($0.bob)\n"
            }
            let early = try chain.release("early", key: chain.bob, at: 1)
            #expect(try chain.refusal(of: early) == nil)
            let late = try chain.release("late", key: chain.bob, at: 4)
            #expect(try chain.refusal(of: late) == .keyNotValidAtThatTime)

            try chain.repository.git("reset", "-q", "--hard", early)
            try chain.release("by alice", key: chain.alice, at: 5)
            let backdated = try chain.release("back-dated", key: chain.bob, at: 2)
            #expect(try chain.refusal(of: backdated) == .badTime)
        }
        try withTemporaryFolder { folder in
            let chain = try TestChain(in: folder) {
                "alice \($0.alice)\nbob valid-after=\"20231114221600Z\" \($0.bob)\n"
            }
            let early = try chain.release("early", key: chain.bob, at: 1)
            #expect(try chain.refusal(of: early) == .keyNotValidAtThatTime)
        }
    }

    @Test("a release from the future, until the time that is known comes near")
    func future() throws {
        try withTemporaryFolder { folder in
            let chain = try TestChain(in: folder)
            let tip = try chain.release("x", key: chain.alice, at: 60 + 24 * 60 + 1)
            #expect(try chain.refusal(of: tip, knownMinutes: 60) == .badTime)
            #expect(try chain.refusal(of: tip, knownMinutes: 61) == nil)
        }
    }

    @Test("a clock at 1970 does not lock out releases that follow each other")
    func clockAt1970() throws {
        try withTemporaryFolder { folder in
            let chain = try TestChain(in: folder)
            try chain.release("v1", key: chain.alice, at: 20 * 60)
            let tip = try chain.release("v2", key: chain.alice, at: 40 * 60)
            #expect(try chain.refusal(of: tip, knownMinutes: -TestChain.startTime / 60) == nil)
        }
    }

    @Test("a signed commit of another channel, another fleet, or of none")
    func wrongChannel() throws {
        try withTemporaryFolder { folder in
            let chain = try TestChain(in: folder)
            for message in [
                "x\n\nFlotilla-Channel: fleet/production", "x\n\nFlotilla-Channel: other/main",
                "work in progress", "Flotilla-Channel: fleet/main",
                "x\n\nFlotilla-Channel: fleet/main\n\nThat was in the body.",
                "x\n\nAlso-By: me\n\n  Flotilla-Channel: fleet/main",
            ] {
                try chain.repository.git("reset", "-q", "--hard", chain.start)
                let tip = try chain.release("x", key: chain.alice, at: 1, message: message)
                #expect(try chain.refusal(of: tip) == .wrongChannel, "\(message)")
            }
            try chain.repository.git("reset", "-q", "--hard", chain.start)
            let twice = "x\n\nFlotilla-Channel: fleet/main\nFlotilla-Channel: fleet/production"
            let tip = try chain.release("x", key: chain.alice, at: 1, message: twice)
            #expect(try chain.refusal(of: tip) == .malformedCommit)
        }
    }

    @Test("a merge, signed and with the trailer")
    func merge() throws {
        try withTemporaryFolder { folder in
            let chain = try TestChain(in: folder)
            try chain.repository.git("checkout", "-q", "-b", "side")
            let side = try chain.release("side", key: chain.alice, at: 1)
            let merge = try chain.repository.git(
                "-c", "gpg.format=ssh", "-c", "user.signingkey=\(chain.alice.path)", "commit-tree",
                "-S", "-p", chain.start, "-p", side, "-m",
                "Merge\n\nFlotilla-Channel: fleet/main", "\(side)^{tree}",
                at: TestChain.startTime + 120
            ).text
            #expect(try chain.refusal(of: merge) == .merge)
        }
    }

    @Test("a tip that was moved back, or aside, by force")
    func notOnChain() throws {
        try withTemporaryFolder { folder in
            let chain = try TestChain(in: folder)
            let floor = try chain.release("v1", key: chain.alice, at: 1)
            let head = try chain.head(at: floor)
            let back = try chain.walk(to: chain.start, from: head)
            #expect(back.refusal?.code == .notOnChain)
            #expect(back.head == head)
            try chain.repository.git("reset", "-q", "--hard", chain.start)
            let aside = try chain.release("v1 again", key: chain.alice, at: 2)
            #expect(try chain.walk(to: aside, from: head).refusal?.code == .notOnChain)
        }
    }

    @Test("a chain with a hole, at its tip and in its middle")
    func missing() throws {
        try withTemporaryFolder { folder in
            let chain = try TestChain(in: folder)
            let absent = String(repeating: "9", count: 40)
            #expect(try chain.refusal(of: absent) == .missingObject)
            let good = try chain.release("x", key: chain.alice, at: 1)
            let orphaned = try forged(chain, good) { $0.replacing(chain.start, with: absent) }
            #expect(try chain.refusal(of: orphaned) == .missingObject)
        }
    }

    @Test("a chain without an end, as an attacker could generate it")
    func endless() throws {
        try withTemporaryFolder { folder in
            let chain = try TestChain(in: folder)
            let head = try chain.head()
            var number = 0
            // The walk asks for one commit after the other; each has a parent that was never seen.
            func endless(_ release: Revision) throws -> [UInt8]? {
                if release == head.release { return try chain.commit(release) }
                number += 1
                let digits = String(number)
                let parent = String(repeating: "0", count: 40 - digits.count) + digits
                return Array("tree \(parent)\nparent \(parent)\nauthor".utf8)
            }
            let verdict = try ReleaseChain.walk(
                from: head, to: chain.revision(String(repeating: "f", count: 40)),
                knownTime: head.committed, commit: endless, trustFiles: chain.trustFiles,
                checking: LibcryptoSignatures())
            #expect(verdict.refusal?.code == .tooManyReleases)
            #expect(number == Limits.releases)
            #expect(verdict.head == head)
        }
    }

    @Test("a commit with more than Git writes, signed or not")
    func malformed() throws {
        try withTemporaryFolder { folder in
            let chain = try TestChain(in: folder)
            let good = try chain.release("x", key: chain.alice, at: 1)
            let header = try forged(chain, good) {
                $0.replacing("\ngpgsig ", with: "\nnote hidden\ngpgsig ")
            }
            #expect(try chain.refusal(of: header) == .malformedCommit)
            let other = try forged(chain, good) {
                $0.replacing("\ngpgsig ", with: "\ngpgsig-sha256 x\ngpgsig ")
            }
            #expect(try chain.refusal(of: other) == .malformedCommit)
            let noTree = try forged(chain, good) { String($0.dropFirst(46)) }
            #expect(try chain.refusal(of: noTree) == .malformedCommit)
        }
    }

    @Test("trust files that are gone or can't be read")
    func brokenTrust() throws {
        try withTemporaryFolder { folder in
            let chain = try TestChain(in: folder)
            try chain.trust("everybody *\n")
            #expect(
                try chain.refusal(of: chain.release("x", key: chain.alice, at: 1))
                    == .brokenTrustFile)
            try chain.repository.git("reset", "-q", "--hard", chain.start)
            try chain.repository.git("rm", "-q", "trust/allowed_signers")
            #expect(
                try chain.refusal(of: chain.release("x", key: chain.alice, at: 1))
                    == .brokenTrustFile)
            try chain.repository.git("reset", "-q", "--hard", chain.start)
            try chain.repository.write("trust/policy.yaml", "format: 1\nrecovery: none\n")
            #expect(
                try chain.refusal(of: chain.release("x", key: chain.alice, at: 1))
                    == .brokenTrustFile)
        }
    }

    @Test("a change of trust that leaves nobody, or takes the right from its own signer")
    func lockout() throws {
        try withTemporaryFolder { folder in
            let chain = try TestChain(in: folder)
            let expired = "valid-before=\"20200101Z\" \(chain.alice.publicText)"
            for trust in [
                "", "alice \(expired)\n", "alice namespaces=\"file\" \(chain.alice.publicText)\n",
                "bob \(chain.bob.publicText)\n",
                "alice \(expired)\nbob \(chain.bob.publicText)\n",
            ] {
                try chain.repository.git("reset", "-q", "--hard", chain.start)
                try chain.trust(trust)
                let tip = try chain.release("x", key: chain.alice, at: 1)
                #expect(try chain.refusal(of: tip) == .lockout, "\(trust)")
            }
        }
    }
}
