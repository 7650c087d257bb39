import Documents
import FleetModel
import FleetTools
import Foundation
import HostSystem
import ReleaseTrust
import TestSupport
import Testing

@Suite struct ChainAuditTests {
    @Test("the verdict names each release, its signer, the rule, and where devices stop")
    func explains() async throws {
        try await withTemporaryFolder { folder in
            let fleet = try await TestFleet(in: folder)
            try fleet.commitChange("one")
            let good = try #require(try await fleet.publish().release)
            let bad = try fleet.git("commit-tree", "-p", good.text, "-m", "plain", "main^{tree}")
            let audit = try await fleet.audit(bad)
            #expect(audit.status == .refused)
            #expect(audit.refusal?.code == .unsigned)
            let text = audit.lines(on: .plain).joined(separator: "\n")
            for part in [
                good.short, fleet.made.principal, "line 3 of \(fleet.made.release.short)'s keys",
                "refused: release \(bad.prefix(10))", "Devices stay with \(good.short)", "fix: ",
            ] {
                #expect(text.contains(part), "\(part) in \(text)")
            }
        }
    }

    @Test("what is shown fits the terminal, and has colours only where they are wanted")
    func fits() async throws {
        try await withTemporaryFolder { folder in
            let fleet = try await TestFleet(in: folder)
            try fleet.commitChange(String(repeating: "a very long subject ", count: 10))
            _ = try await fleet.publish()
            let audit = try await fleet.audit()
            for width in [40, 60, 80, 200] {
                for line in audit.lines(on: Terminal(width: width, hasColors: false)) {
                    #expect(line.count <= width, "\(line)")
                    #expect(!line.contains("\u{1b}"))
                }
            }
            let colored = audit.lines(on: Terminal(width: 80, hasColors: true)).joined()
            #expect(colored.contains("\u{1b}[32m"))
        }
    }

    @Test("with a device's anchor the verdict is that device's")
    func anchor() async throws {
        try await withTemporaryFolder { folder in
            let fleet = try await TestFleet(in: folder)
            let anchor = try TrustAnchor(file: fleet.made.anchorPath)
            try fleet.commitChange("one")
            _ = try await fleet.publish()
            let repository = try await fleet.repository()
            let tip = try await repository.revision("main")
            let audit = try ChainAudit(repository, to: tip, anchor: anchor, now: Clocks.wall())
            #expect(audit.hasAnchor && audit.refusal == nil && audit.accepted.count == 1)

            // A device of another installer knows another key.
            let stranger = try TestKey("stranger", in: folder)
            let foreign = TrustAnchor(
                channel: anchor.channel, release: anchor.release,
                allowedSigners: try AllowedSigners(
                    text: "other \(stranger.publicText)\n", file: "anchor"))
            let refused = try ChainAudit(repository, to: tip, anchor: foreign, now: Clocks.wall())
            #expect(refused.refusal?.code == .unknownSigner)
        }
    }

    @Test("the anchor of a release lets a device walk on from it; that of a bad one is not printed")
    func printsAnchor() async throws {
        try await withTemporaryFolder { folder in
            let fleet = try await TestFleet(in: folder)
            try fleet.commitChange("one")
            let release = try #require(try await fleet.publish().release)
            let repository = try await fleet.repository()
            let report = try AnchorReport(repository, release: release, now: Clocks.wall())
            let file = folder.appendingPathComponent("printed")
            try Data(report.lines(on: .plain).joined().utf8).write(to: file)
            #expect(try TrustAnchor(file: file.path) == report.anchor)
            #expect(report.anchor.release == release)

            let bad = try fleet.git("commit-tree", "-p", release.text, "-m", "x", "main^{tree}")
            let revision = try await repository.revision(bad)
            #expect(throws: OperatorError.self) {
                try AnchorReport(repository, release: revision, now: Clocks.wall())
            }
        }
    }
}
