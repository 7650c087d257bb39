import AgentMachine
import DeviceRecords
import FleetModel
import Foundation
import HostSystem
import ReleaseTrust
import TestSupport
import Testing
import Transaction

@testable import Staging

@Suite(.enabled(if: geteuid() == 0, "files are given to root")) struct VerdictTests {
    /// The verdict that the channel's tip was rejected.
    private func rejection(_ outcome: StageOutcome) -> (code: String, reason: String)? {
        guard case .rejected(_, let code, let reason) = outcome.verdict else {
            Issue.record("not rejected: \(outcome)")
            return nil
        }
        return (code, reason)
    }

    @Test("A good revision stands ready beside its place, and nothing else is touched")
    func staged() throws {
        try withFleet { fleet in
            try fleet.root.makeFolders("/etc/web")
            try fleet.root.createFile("/etc/web/plain", contents: Array("old".utf8), mode: 0o600)
            let before = try fleet.snapshot(without: StagedFleet.own)
            let outcome = try fleet.fetchAndStage()
            #expect(outcome.refusal == nil)
            let candidate = try #require(fleet.candidate(of: outcome))
            #expect(candidate.revision == fleet.first)
            #expect(candidate.generation == 1)
            #expect(
                try fleet.stagedTexts(1) == [
                    "/etc/web/site.conf": "# gw-1\n", "/etc/web/plain": "plain\n",
                ])
            let manifest = try #require(
                try fleet.store.read(StagedFiles.self, at: StateLayout.stagedManifest(of: 1)))
            let staged = manifest.items.map(\.staged)
            #expect(staged.allSatisfy { $0.hasPrefix("/etc/web/.flotilla-1-") })
            #expect(try fleet.snapshot(without: StagedFleet.own + staged) == before)
            #expect(try fleet.store.currentGeneration() == 0)
            #expect(try fleet.store.read(Journal.self, at: StateLayout.journal) == nil)
            let record = try #require(try fleet.store.generation(1))
            #expect(record.revision == fleet.first)
            #expect(record.state.health == candidate.gate)
            #expect(record.state.files.allSatisfy { $0.blob != nil })
        }
    }

    @Test(
        "What is staged can be flipped to, and a later release that changes nothing is up to date")
    func upToDate() throws {
        try withFleet { fleet in
            try fleet.apply()
            #expect(try fleet.text("/etc/web/site.conf") == "# gw-1\n")
            try fleet.repository.write("README", "more\n")
            let second = try fleet.release("Words only", at: 1)
            #expect(
                try fleet.fetchAndStage()
                    == StageOutcome(verdict: .upToDate(second), refusal: nil))
            #expect(try Generations.numbers(in: fleet.store) == [1])
            #expect(try fleet.trust()?.release == second)
        }
    }

    @Test("A desired state that failed here is not staged again, by whatever revision")
    func knownBad() throws {
        try withFleet { fleet in
            let candidate = try #require(fleet.candidate(of: try fleet.fetchAndStage()))
            let record = try #require(try fleet.store.generation(candidate.generation))
            try Recovery(store: fleet.store).discard(generation: record.number)
            var ledger = Ledger()
            ledger.remember(
                Ledger.FailedState(
                    digest: record.digest, revision: fleet.first, reason: "sick",
                    at: record.created))
            try fleet.store.write(ledger, at: StateLayout.ledger)
            try fleet.repository.write("README", "more\n")
            let second = try fleet.release("Words only", at: 1)
            #expect(try fleet.fetchAndStage().verdict == .knownBad(second, reason: "sick"))
            #expect(try Generations.numbers(in: fleet.store).isEmpty)
        }
    }

    @Test("A device that only verifies moves its trust, and stages nothing")
    func notApplied() throws {
        try withFleet { fleet in
            try fleet.repository.write("bundles/web/files/plain", "new\n")
            let second = try fleet.release("New", at: 1)
            let before = try fleet.snapshot(without: StagedFleet.own)
            #expect(
                try fleet.fetchAndStage(applies: false)
                    == StageOutcome(verdict: .notApplied(second), refusal: nil))
            #expect(try fleet.trust()?.release == second)
            #expect(try Generations.numbers(in: fleet.store).isEmpty)
            #expect(try fleet.snapshot(without: StagedFleet.own) == before)
        }
    }

    @Test("A release with a fault is rejected with the fault's place, and trusted all the same")
    func invalid() throws {
        try withFleet { fleet in
            try fleet.repository.write(StagedFleet.bundle, "match: role=gateway\nfiles: all\n")
            let second = try fleet.release("Fault", at: 1)
            let before = try fleet.snapshot(without: StagedFleet.own)
            let rejection = try #require(rejection(try fleet.fetchAndStage()))
            #expect(rejection.code == "invalid")
            #expect(rejection.reason.hasPrefix("\(StagedFleet.bundle):2:8: "))
            #expect(rejection.reason.contains("fix: "))
            #expect(try fleet.trust()?.release == second)
            #expect(try Generations.numbers(in: fleet.store).isEmpty)
            #expect(try fleet.snapshot(without: StagedFleet.own) == before)
        }
    }

    @Test("A bundle for a newer agent is rejected as such")
    func needsAgent() throws {
        try withFleet { fleet in
            try fleet.repository.write(
                StagedFleet.bundle, StagedFleet.bundleText + "needs: {agent: '>=99'}\n")
            try fleet.release("For newer agents", at: 1)
            let rejection = try #require(rejection(try fleet.fetchAndStage()))
            #expect(rejection.code == "needsAgent")
            #expect(rejection.reason.hasPrefix("\(StagedFleet.bundle):"))
        }
    }

    @Test("A path that the disk can't hold safely is rejected before anything is written")
    func preflight() throws {
        try withFleet { fleet in
            try fleet.root.makeFolder("/elsewhere")
            try fleet.root.symbolicLink("/elsewhere", at: "/etc/web")
            let before = try fleet.snapshot(without: StagedFleet.own)
            let rejection = try #require(rejection(try fleet.fetchAndStage()))
            #expect(rejection.code == "preflight")
            #expect(rejection.reason.contains("/etc/web is a symbolic link"))
            #expect(rejection.reason.contains("bundle web"))
            #expect(try Generations.numbers(in: fleet.store).isEmpty)
            #expect(try fleet.snapshot(without: StagedFleet.own) == before)
        }
    }

    @Test("The fleet of the manifest must be that of the trust")
    func wrongFleet() throws {
        try withFleet { fleet in
            try fleet.repository.write("fleet.yaml", "format: 1\nname: airport\n")
            try fleet.release("Another fleet", at: 1)
            let rejection = try #require(rejection(try fleet.fetchAndStage()))
            #expect(rejection.code == "wrongFleet")
            #expect(rejection.reason.contains("airport") && rejection.reason.contains("harbour"))
        }
    }

    @Test("A release whose signer is trusted no more is not newly applied")
    func signerRemoved() throws {
        try withTemporaryFolder { folder in
            let fleet = try StagedFleet(
                in: folder, signers: { StagedFleet.line($0) + StagedFleet.line($1) },
                anchored: { _, bob in StagedFleet.line(bob) })
            let rejection = try #require(rejection(try fleet.fetchAndStage()))
            #expect(rejection.code == "signerRemoved")
            #expect(try Generations.numbers(in: fleet.store).isEmpty)
            // Bob publishes it anew, and it is applied.
            try fleet.release("Again", at: 1, key: fleet.bob)
            #expect(fleet.candidate(of: try fleet.fetchAndStage())?.generation == 1)
        }
    }
}
