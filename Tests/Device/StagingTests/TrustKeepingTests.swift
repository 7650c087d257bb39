import AgentMachine
import DeviceRecords
import FleetModel
import Foundation
import HostSystem
import ReleaseTrust
import TestSupport
import Testing

@testable import Staging

@Suite(.enabled(if: geteuid() == 0, "files are given to root")) struct TrustKeepingTests {
    /// The first release admits Bob in the second one, which the device has verified.
    private func withTwoReleases(
        _ body: (StagedFleet, _ second: Revision) throws -> Void
    ) throws {
        try withFleet { fleet in
            try fleet.fetchAndStage(applies: false)
            try fleet.repository.write(
                "trust/allowed_signers",
                StagedFleet.line(fleet.alice) + StagedFleet.line(fleet.bob))
            let second = try fleet.release("Admit Bob", at: 1)
            let old = try #require(try fleet.trust())
            #expect(old.release == fleet.first)
            try fleet.fetchAndStage(applies: false)
            try body(fleet, second)
        }
    }

    @Test("An accepted release moves the head, and its second copy with its keys")
    func moves() throws {
        try withTwoReleases { fleet, second in
            let head = try #require(try fleet.trust())
            #expect(head.release == second)
            #expect(head.allowedSigners.signers.map(\.principal) == ["alice", "bob"])
            #expect(try fleet.anchor() == head.anchor)
            // Bob's release is accepted now.
            let third = try fleet.release("By Bob", at: 2, key: fleet.bob)
            let outcome = try fleet.fetchAndStage(applies: false)
            #expect(outcome == StageOutcome(verdict: .notApplied(third), refusal: nil))
        }
    }

    @Test("Where nothing is new, neither copy is written again")
    func quiet() throws {
        try withTwoReleases { fleet, _ in
            let paths = [StateLayout.trust, StateLayout.anchor]
            let before = try paths.map { try fleet.root.status(of: $0)?.inode }
            try fleet.fetchAndStage(applies: false)
            #expect(try paths.map { try fleet.root.status(of: $0)?.inode } == before)
        }
    }

    @Test("A second copy that a power cut left behind is made up for at the next look")
    func secondCopy() throws {
        try withTwoReleases { fleet, second in
            let head = try #require(try fleet.trust())
            var behind = head.anchor
            behind.release = fleet.first
            try fleet.store.write(behind, at: StateLayout.anchor)
            try fleet.fetchAndStage(applies: false)
            #expect(try fleet.anchor() == head.anchor)
        }
    }

    @Test("A lost memory falls back to the anchor, and never below it")
    func lostMemory() throws {
        try withTwoReleases { fleet, second in
            let head = try fleet.trust()
            try fleet.store.remove(StateLayout.trust)
            let outcome = try fleet.stage(fleet.first, applies: false)
            #expect(outcome.refusal?.code == "notOnChain")
            #expect(outcome.verdict == .notApplied(second))
            #expect(try fleet.trust() == head)
        }
    }

    @Test("A memory of an older day moves up to the anchor before anything is judged")
    func olderMemory() throws {
        try withTwoReleases { fleet, second in
            let head = try #require(try fleet.trust())
            try fleet.store.write(
                TrustHead(
                    channel: head.channel, release: fleet.first, committed: head.committed,
                    allowedSigners: try AllowedSigners(
                        text: StagedFleet.line(fleet.alice), file: "old"), policy: head.policy),
                at: StateLayout.trust)
            let outcome = try fleet.stage(fleet.first, applies: false)
            #expect(outcome.refusal?.code == "notOnChain")
            #expect(outcome.verdict == .notApplied(second))
            #expect(try fleet.trust() == head)
        }
    }

    @Test("An anchor of an older day is no harm: memory counts, and the anchor follows")
    func olderAnchor() throws {
        try withTwoReleases { fleet, second in
            let head = try #require(try fleet.trust())
            try fleet.store.write(
                TrustAnchor(
                    channel: head.channel, release: fleet.first,
                    allowedSigners: head.allowedSigners), at: StateLayout.anchor)
            let outcome = try fleet.stage(fleet.first, applies: false)
            #expect(outcome.refusal?.code == "notOnChain")
            #expect(try fleet.trust() == head)
            let third = try fleet.release("Third", at: 2)
            try fleet.fetchAndStage(applies: false)
            #expect(second != third)
            #expect(try fleet.anchor()?.release == third)
        }
    }

    @Test("Without an anchor, or with one for another channel, nothing is judged")
    func noAnchor() throws {
        try withFleet { fleet in
            let anchor = try #require(try fleet.anchor())
            let other = try #require(ChannelName("harbour/other"))
            try fleet.store.write(
                TrustAnchor(
                    channel: other, release: anchor.release,
                    allowedSigners: anchor.allowedSigners), at: StateLayout.anchor)
            let foreign = #expect(throws: StagingError.self) { try fleet.fetchAndStage() }
            #expect(foreign?.code == .trust)
            #expect(foreign?.description.contains("Make them agree") == true)
            try fleet.store.remove(StateLayout.anchor)
            let missing = #expect(throws: StagingError.self) { try fleet.fetchAndStage() }
            #expect(missing?.code == .trust)
            #expect(missing?.description.contains("flotilla anchor") == true)
        }
    }

    @Test("A damaged memory is an error that names the file, and is not taken for a lost one")
    func damagedMemory() throws {
        try withTwoReleases { fleet, _ in
            let tip = try fleet.fetch()
            try fleet.root.replaceFile(StateLayout.trust, with: Array("{".utf8), mode: 0o600)
            let error = #expect(throws: StagingError.self) { try fleet.stage(tip) }
            #expect(error?.code == .record)
            #expect(error?.description.contains(StateLayout.trust) == true)
        }
    }
}
