import AgentMachine
import DeviceRecords
import FleetModel
import ReleaseTrust
import TestSupport
import Testing

@testable import Staging

/// A fleet that rolls out in waves: orders open content, trust never waits.
@Suite struct WavesTests {
    /// The second release turns the fleet to waves; each further one changes the device's file.
    private func withWaves(
        signers: (TestKey, TestKey) -> String = { alice, _ in StagedFleet.line(alice) },
        _ body: (StagedFleet) throws -> Void
    ) throws {
        try withTemporaryFolder { folder in
            let fleet = try StagedFleet(in: folder, signers: signers)
            try fleet.repository.write(
                "fleet.yaml", "format: 1\nname: harbour\nrollout: waves\n")
            try fleet.repository.write(
                "rollout.yaml", "format: 1\nwaves: [{name: canary, limit: 1}]\n")
            try body(fleet)
        }
    }

    private func change(_ fleet: StagedFleet, _ text: String, at minutes: Int64) throws -> Revision
    {
        try fleet.repository.write("bundles/web/files/plain", text)
        return try fleet.release(text, at: minutes)
    }

    private func stagedRevision(_ outcome: StageOutcome) -> Revision? {
        guard case .staged(let candidate) = outcome.verdict else { return nil }
        return candidate.revision
    }

    /// Stages what is opened and moves there.
    private func apply(_ fleet: StagedFleet, _ tip: Revision, opened: Revision) throws {
        guard case .staged(let candidate) = try fleet.stage(tip, opened: opened).verdict else {
            Issue.record("\(opened) is not staged")
            return
        }
        let from = try fleet.store.currentGeneration()
        try fleet.flip(Move(.upgrade, from: from, to: candidate.generation))
        var ledger = try fleet.store.read(Ledger.self, at: StateLayout.ledger) ?? Ledger()
        ledger.confirmed = candidate.generation
        ledger.revision = candidate.revision
        try fleet.store.write(ledger, at: StateLayout.ledger)
    }

    @Test("Without an order nothing is staged, and the trust head moves all the same")
    func waits() throws {
        try withWaves { fleet in
            let second = try change(fleet, "second", at: 1)
            #expect(
                try fleet.fetchAndStage() == StageOutcome(verdict: .waiting(second), refusal: nil))
            #expect(try fleet.trust()?.release == second)
            #expect(try fleet.store.currentGeneration() == 0)
        }
    }

    @Test("An order opens exactly its release, also one that is older than the head")
    func opens() throws {
        try withWaves { fleet in
            let second = try change(fleet, "second", at: 1)
            let third = try change(fleet, "third", at: 2)
            let tip = try fleet.fetch()
            #expect(tip == third)
            #expect(stagedRevision(try fleet.stage(tip, opened: second)) == second)
            #expect(try fleet.trust()?.release == third)
            #expect(stagedRevision(try fleet.stage(tip, opened: third)) == third)
        }
    }

    @Test("An order for what is older than what the device has opens nothing")
    func neverBack() throws {
        try withWaves { fleet in
            let second = try change(fleet, "second", at: 1)
            let third = try change(fleet, "third", at: 2)
            let tip = try fleet.fetch()
            try apply(fleet, tip, opened: third)
            let fourth = try change(fleet, "fourth", at: 3)
            #expect(
                try fleet.stage(try fleet.fetch(), opened: second).verdict == .waiting(fourth))
        }
    }

    @Test("An order for what is not on the chain opens nothing")
    func notOnTheChain() throws {
        try withWaves { fleet in
            let second = try change(fleet, "second", at: 1)
            let tip = try fleet.fetch()
            let stranger = try #require(Revision(String(repeating: "a", count: 40)))
            #expect(try fleet.stage(tip, opened: stranger).verdict == .waiting(second))
        }
    }

    @Test("A release that changes nothing here needs no order")
    func unaffected() throws {
        try withWaves { fleet in
            let second = try change(fleet, "second", at: 1)
            try apply(fleet, try fleet.fetch(), opened: second)
            try fleet.repository.write("bundles/web/files/unused", "unused")
            let third = try fleet.release("Third", at: 2)
            #expect(try fleet.fetchAndStage().verdict == .upToDate(third))
            // And an order for the one before does not take it back.
            #expect(try fleet.stage(third, opened: second).verdict == .upToDate(third))
        }
    }

    @Test("What a removed signer signed is not newly applied, though an order opens it")
    func removedSigner() throws {
        try withWaves(signers: { StagedFleet.line($0) + StagedFleet.line($1) }) { fleet in
            try fleet.repository.write("bundles/web/files/plain", "by bob")
            let second = try fleet.release("By Bob", at: 1, key: fleet.bob)
            try fleet.repository.write("trust/allowed_signers", StagedFleet.line(fleet.alice))
            try fleet.release("Without Bob", at: 2)
            let outcome = try fleet.stage(try fleet.fetch(), opened: second)
            guard case .rejected(let revision, let code, _) = outcome.verdict else {
                Issue.record("\(outcome) is no rejection")
                return
            }
            #expect(revision == second)
            #expect(code == "signerRemoved")
        }
    }

    @Test("A fleet that leaves the waves behind applies its head without an order")
    func backToNone() throws {
        try withWaves { fleet in
            _ = try change(fleet, "second", at: 1)
            try fleet.repository.write("fleet.yaml", "format: 1\nname: harbour\n")
            let third = try fleet.release("Third", at: 2)
            #expect(stagedRevision(try fleet.fetchAndStage()) == third)
        }
    }
}
