import Documents
import FleetModel
import FleetTools
import Foundation
import ReleaseTrust
import Resolution
import TestSupport
import Testing

@Suite struct PublisherTests {
    @Test("a release has the files of the work, one parent, the trailers, and is good")
    func publishes() async throws {
        try await withTemporaryFolder { folder in
            let fleet = try await TestFleet(in: folder)
            let first = try fleet.git("rev-parse", "main")
            let draft = try fleet.git("rev-parse", "draft")
            try fleet.commitChange("politely")
            let made = try await fleet.publish()
            let release = try #require(made.release?.text)
            #expect(try fleet.git("rev-parse", "main") == release)
            #expect(try fleet.git("rev-parse", "main^@") == first)
            #expect(
                try fleet.git("rev-parse", "main^{tree}") == fleet.git("rev-parse", "HEAD^{tree}"))
            #expect(try fleet.git("rev-parse", "HEAD^") == draft)
            let message = try fleet.git("log", "-1", "--format=%B", "main")
            #expect(message.hasPrefix("politely\n\nFlotilla-Channel: fleet/main\n"))
            #expect(message.contains("Flotilla-Source: \(try fleet.git("rev-parse", "HEAD"))"))
            #expect(made.changes == ["M  bundles/hello/files/hello.conf"])
            #expect(made.signer == fleet.made.principal)
            let audit = try await fleet.audit()
            #expect(audit.refusal == nil && audit.accepted.map(\.release.text) == [release])
        }
    }

    @Test("any commit can be published, with a subject of its own")
    func fromAnyBranch() async throws {
        try await withTemporaryFolder { folder in
            let fleet = try await TestFleet(in: folder)
            try fleet.git("switch", "-q", "-c", "feature")
            try fleet.commitChange("one")
            try fleet.git("switch", "-q", "draft")
            let made = try await fleet.publish {
                $0.source = "feature"
                $0.message = "Chosen"
            }
            #expect(made.subject == "Chosen")
            #expect(
                try fleet.git("rev-parse", "main^{tree}")
                    == fleet.git("rev-parse", "feature^{tree}"))
        }
    }

    @Test("files that a release already has are not published again")
    func unchanged() async throws {
        try await withTemporaryFolder { folder in
            let fleet = try await TestFleet(in: folder)
            let main = try fleet.git("rev-parse", "main")
            #expect(try await fleet.refusal().status == .unchanged)
            #expect(try fleet.git("rev-parse", "main") == main)
        }
    }

    @Test("a rehearsal checks everything and makes nothing")
    func rehearsal() async throws {
        try await withTemporaryFolder { folder in
            let fleet = try await TestFleet(in: folder)
            try fleet.commitChange()
            let before = try fleet.git("count-objects")
            let made = try await fleet.publish { $0.isRehearsal = true }
            #expect(made.release == nil && made.changes.count == 1)
            #expect(try fleet.git("count-objects") == before)
            #expect(try fleet.git("rev-parse", "main") == fleet.made.release.text)
        }
    }

    @Test("what is not committed is not published, and the operator is told")
    func uncommitted() async throws {
        try await withTemporaryFolder { folder in
            let fleet = try await TestFleet(in: folder)
            try fleet.commitChange()
            try fleet.write("notes.txt", "later")
            let made = try await fleet.publish()
            #expect(made.leavesUncommittedFiles)
            #expect(try !fleet.git("ls-tree", "-r", "--name-only", "main").contains("notes.txt"))
        }
    }

    @Test("faults stop a release before anything is signed")
    func faults() async throws {
        try await withTemporaryFolder { folder in
            let fleet = try await TestFleet(in: folder)
            try fleet.write("bundles/hello/bundle.yaml", "match: role=example\nfile: []\n")
            try fleet.git("commit", "-q", "-a", "-m", "broken")
            let error = try await fleet.refusal()
            #expect(error.status == .refused)
            #expect(error.diagnostics.first?.place.hasPrefix("bundles/hello/bundle.yaml:2") == true)
            #expect(try fleet.git("rev-parse", "main") == fleet.made.release.text)
        }
    }

    @Test("a stranger's release is refused by the code of the devices, and the branch stays")
    func stranger() async throws {
        try await withTemporaryFolder { folder in
            let fleet = try await TestFleet(in: folder)
            let key = try TestKey("mallory", in: folder)
            try fleet.git("config", "user.signingkey", key.path)
            try fleet.commitChange()
            #expect(try await fleet.refusal().refusal?.code == .unknownSigner)
            #expect(try fleet.git("rev-parse", "main") == fleet.made.release.text)
        }
    }

    @Test("a release that takes its signer's own right is refused")
    func lockout() async throws {
        try await withTemporaryFolder { folder in
            let fleet = try await TestFleet(in: folder)
            let key = try TestKey("bob", in: folder)
            try fleet.write("trust/allowed_signers", "bob \(key.publicText)\n")
            try fleet.git("commit", "-q", "-a", "-m", "hand over at once")
            #expect(try await fleet.refusal().refusal?.code == .lockout)
        }
    }

    @Test("a key is replaced by two releases")
    func rotation() async throws {
        try await withTemporaryFolder { folder in
            let fleet = try await TestFleet(in: folder)
            let key = try TestKey("bob", in: folder)
            let old = try fleet.read("trust/allowed_signers")
            try fleet.write("trust/allowed_signers", old + "bob \(key.publicText)\n")
            try fleet.git("commit", "-q", "-a", "-m", "add bob")
            _ = try await fleet.publish()
            try fleet.git("config", "user.signingkey", key.path)
            try fleet.write("trust/allowed_signers", "bob \(key.publicText)\n")
            try fleet.git("commit", "-q", "-a", "-m", "only bob")
            #expect(try await fleet.publish().signer == "bob")
            let audit = try await fleet.audit()
            #expect(audit.refusal == nil && audit.accepted.allSatisfy(\.changesTrust))
        }
    }

    @Test("a channel with an unsigned commit is not built upon, and the way out is told")
    func brokenChannel() async throws {
        try await withTemporaryFolder { folder in
            let fleet = try await TestFleet(in: folder)
            let good = fleet.made.release.text
            let bad = try fleet.git(
                "commit-tree", "-p", good, "-m", "x\n\nFlotilla-Channel: fleet/main",
                "main^{tree}")
            try fleet.git("update-ref", "refs/heads/main", bad)
            try fleet.commitChange()
            let error = try await fleet.refusal()
            #expect(error.status == .refused)
            let repair = "git update-ref refs/heads/main \(good) \(bad)"
            #expect(error.message.contains("unsigned") && error.fix.contains(repair))
            try fleet.git("update-ref", "refs/heads/main", good, bad)
            _ = try await fleet.publish()
        }
    }

    @Test("the channel's branch is not moved while it is checked out")
    func checkedOut() async throws {
        try await withTemporaryFolder { folder in
            let fleet = try await TestFleet(in: folder)
            try fleet.commitChange()
            try fleet.git("switch", "-q", "main")
            let error = try await fleet.refusal { $0.source = "draft" }
            #expect(error.status == .refused && error.fix.contains("git switch -c draft"))
        }
    }

    @Test("one person may sign releases on the channel's branch, with Git alone")
    func onePerson() async throws {
        try await withTemporaryFolder { folder in
            let fleet = try await TestFleet(in: folder)
            try fleet.git("switch", "-q", "main")
            try fleet.write("bundles/hello/files/hello.conf", "greeting = {{ greeting }}!\n")
            try fleet.git(
                "commit", "-q", "-a", "-S", "-m", "Louder", "-m", "Flotilla-Channel: fleet/main")
            let audit = try await fleet.audit()
            #expect(audit.refusal == nil && audit.accepted.count == 1)
        }
    }

    @Test("a misspelt channel is not begun by mistake, and a new one is begun when asked for")
    func newChannel() async throws {
        try await withTemporaryFolder { folder in
            let fleet = try await TestFleet(in: folder)
            let misspelt = try await fleet.refusal { $0.channel = "production" }
            #expect(misspelt.status == .refused)
            let made = try await fleet.publish {
                $0.channel = "production"
                $0.startsChannel = true
            }
            #expect(made.previous == nil)
            let audit = try await fleet.audit("production")
            #expect(audit.refusal == nil && audit.channel.description == "fleet/production")
            let again = try await fleet.refusal { $0.startsChannel = true }
            #expect(again.status == .refused)
        }
    }

    @Test("a fleet that was renamed does not go on with the old channel")
    func renamed() async throws {
        try await withTemporaryFolder { folder in
            let fleet = try await TestFleet(in: folder)
            let text = try fleet.read("fleet.yaml")
            try fleet.write("fleet.yaml", text.replacing("name: fleet", with: "name: armada"))
            try fleet.git("commit", "-q", "-a", "-m", "rename")
            #expect(try await fleet.refusal().status == .refused)
        }
    }

    @Test("without a signing key Git's settings are named, and nothing is made")
    func noSigningKey() async throws {
        try await withTemporaryFolder { folder in
            let fleet = try await TestFleet(in: folder)
            try fleet.commitChange()
            try fleet.git("config", "gpg.format", "openpgp")
            let error = try await fleet.refusal()
            #expect(error.status == .environment && error.fix.contains("gpg.format ssh"))
            #expect(try fleet.git("rev-parse", "main") == fleet.made.release.text)
        }
    }
}
