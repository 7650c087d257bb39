import AgentMachine
import DeviceRecords
import FleetModel
import Foundation
import HostSystem
import ReleaseTrust
import TestSupport
import Testing

@testable import Staging

@Suite(.enabled(if: geteuid() == 0, "files are given to root")) struct RefusalTests {
    /// What somebody with power over the Git server may put at the channel's tip.
    enum Attack: String, Sendable, CaseIterable {
        case unsigned, unknownSigner, tampered, wrongChannel, notOnChain

        /// Puts it there. Each would change a managed file.
        func carryOut(on fleet: StagedFleet) throws {
            let repository = fleet.repository
            try repository.write("bundles/web/files/plain", "evil\n")
            let message = "Evil\n\nFlotilla-Channel: \(StagedFleet.channel)"
            switch self {
            case .unsigned: _ = try fleet.release(message, at: 1, signedBy: nil)
            case .unknownSigner: try fleet.release("Evil", at: 1, key: fleet.bob)
            case .wrongChannel: try fleet.release("Evil", at: 1, channel: "harbour/other")
            case .tampered:
                let good = try fleet.release("Good", at: 1)
                let raw = String(decoding: try repository.rawCommit(good.text), as: UTF8.self)
                let changed = raw.replacingOccurrences(of: "Good\n\n", with: "Evil\n\n")
                let evil = try repository.store(commit: Array(changed.utf8))
                try repository.git("update-ref", "refs/heads/main", evil)
            case .notOnChain:
                // Signed by the right key, and not after what was accepted.
                try repository.git("checkout", "-q", "--orphan", "reset")
                try fleet.release("Evil", at: 1)
                try repository.git("branch", "-f", "main", "reset")
            }
        }
    }

    @Test(
        "A tip that is not trusted changes no byte but in the object store",
        arguments: Attack.allCases)
    func nothingChanges(attack: Attack) throws {
        try withFleet { fleet in
            try fleet.apply()
            try fleet.fetchAndStage()
            let before = try fleet.snapshot(without: StagedFleet.objects)
            try attack.carryOut(on: fleet)
            let tip = try fleet.fetch()
            #expect(tip != fleet.first)
            let outcome = try fleet.stage(tip)
            #expect(outcome.refusal?.code == attack.rawValue)
            #expect(outcome.refusal?.revision == tip)
            #expect(outcome.refusal?.reason.isEmpty == false)
            #expect(outcome.verdict == .upToDate(fleet.first))
            #expect(try fleet.snapshot(without: StagedFleet.objects) == before)
            #expect(try fleet.text("/etc/web/plain") == "plain\n")
        }
    }

    @Test("A device without anything applied refuses the tip too", arguments: Attack.allCases)
    func firstFetch(attack: Attack) throws {
        try withFleet { fleet in
            try attack.carryOut(on: fleet)
            if attack == .notOnChain {
                // A reset channel does not bring the anchored release any more.
                #expect(throws: StagingError.self) { try fleet.fetchAndStage() }
                #expect(try Generations.numbers(in: fleet.store).isEmpty)
                return
            }
            let outcome = try fleet.fetchAndStage()
            #expect(outcome.refusal?.code == attack.rawValue)
            let candidate = try #require(fleet.candidate(of: outcome))
            #expect(candidate.revision == fleet.first)
            let texts = try fleet.stagedTexts(candidate.generation)
            #expect(texts["/etc/web/plain"] == "plain\n")
        }
    }

    @Test("A channel that is set back to an older release is refused")
    func rollback() throws {
        try withFleet { fleet in
            try fleet.repository.write("bundles/web/files/plain", "new\n")
            let second = try fleet.release("New", at: 1)
            try fleet.apply()
            let before = try fleet.snapshot(without: StagedFleet.objects)
            let outcome = try fleet.stage(fleet.first)
            #expect(outcome.refusal?.code == "notOnChain")
            #expect(outcome.verdict == .upToDate(second))
            #expect(try fleet.snapshot(without: StagedFleet.objects) == before)
        }
    }

    @Test("A good release before a refused tip is staged, and the head stops at it")
    func goodBeforeBad() throws {
        try withFleet { fleet in
            try fleet.apply()
            try fleet.repository.write("bundles/web/files/plain", "good\n")
            let second = try fleet.release("Good", at: 1)
            try fleet.repository.write("bundles/web/files/plain", "evil\n")
            let third = try fleet.release("Evil", at: 2, key: fleet.bob)
            let outcome = try fleet.fetchAndStage()
            #expect(outcome.refusal?.code == "unknownSigner")
            #expect(outcome.refusal?.revision == third)
            let candidate = try #require(fleet.candidate(of: outcome))
            #expect(candidate.revision == second)
            #expect(try fleet.stagedTexts(candidate.generation) == ["/etc/web/plain": "good\n"])
            #expect(try fleet.trust()?.release == second)
        }
    }
}
