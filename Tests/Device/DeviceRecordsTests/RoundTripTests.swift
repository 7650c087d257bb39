import AgentMachine
import DeviceRecords
import Documents
import FleetModel
import Foundation
import HostSystem
import JSONDocument
import ReleaseTrust
import TestSupport
import Testing

@testable import DeviceRecords

@Suite struct RoundTripTests {
    private func expectRoundTrip<Record: DeviceRecord & Equatable>(
        _ record: Record, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try withStore { store, folder in
            let path = StateLayout.state + "/sample.json"
            #expect(try store.read(Record.self, at: path) == nil, sourceLocation: sourceLocation)
            try store.write(record, at: path)
            #expect(
                try store.read(Record.self, at: path) == record, sourceLocation: sourceLocation)
            let file = folder.appendingPathComponent(path).path
            let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions]
            #expect(mode as? Int == 0o600, sourceLocation: sourceLocation)
            try store.remove(path)
            try store.remove(path)
            #expect(try store.read(Record.self, at: path) == nil, sourceLocation: sourceLocation)
        }
    }

    @Test("A generation is read as it was written, the first and the one before Flotilla too")
    func generations() throws {
        try expectRoundTrip(try Samples.generation())
        try expectRoundTrip(GenerationRecord.beforeFlotilla)
    }

    @Test("A journal of each phase and purpose is read as it was written")
    func journals() throws {
        for journal in Samples.journals() { try expectRoundTrip(journal) }
    }

    @Test("The ledger, the live status and a hold are read as they were written")
    func memories() throws {
        try expectRoundTrip(try Samples.ledger())
        try expectRoundTrip(Ledger())
        try expectRoundTrip(Samples.status())
        try expectRoundTrip(Samples.drift())
        try expectRoundTrip(LiveStatus())
        try expectRoundTrip(Samples.hold())
        for count in Samples.boots() { try expectRoundTrip(count) }
    }

    @Test("The trust head and its anchor are read as they were written")
    func trust() throws {
        let head = try Samples.head()
        try expectRoundTrip(head)
        try expectRoundTrip(head.anchor)
    }

    @Test("What the worker says of a fetch is read as it was written")
    func fetchReport() throws { try expectRoundTrip(try Samples.fetch()) }

    @Test("What the worker says of a stage is read as it was written, with the gate of the record")
    func stageReport() throws {
        let revision = try revision("a")
        let gate = HealthGate(settle: .seconds(77))
        let verdicts: [StageOutcome.Verdict?] = [
            nil, .upToDate(revision), .notApplied(revision),
            .knownBad(revision, reason: awkward),
            .rejected(revision, code: "validator", reason: awkward),
            .staged(Candidate(generation: 9, revision: revision, gate: gate)),
        ]
        let refusal = StageOutcome.Refusal(code: "unsigned", reason: awkward, revision: revision)
        for verdict in verdicts {
            for refusal in [nil, refusal] {
                let outcome = StageOutcome(verdict: verdict, refusal: refusal)
                let node = try Samples.node(StageReport(outcome: outcome).json)
                let report = try StageReport(reading: node) { number -> HealthGate in
                    #expect(number == 9)
                    return gate
                }
                #expect(report.outcome == outcome)
            }
        }
    }

    @Test("A stage report whose verdict lacks what it needs is refused")
    func brokenStageReport() throws {
        let tip = JSONValue.string(try revision("a").text)
        let broken: [JSONValue] = [
            ["format": 1, "verdict": ["kind": "staged", "revision": tip], "refusal": .null],
            ["format": 1, "verdict": ["revision": tip], "refusal": .null],
            ["format": 1, "verdict": ["kind": "splendid", "revision": tip], "refusal": .null],
            ["format": 1, "verdict": ["kind": "upToDate"], "refusal": .null],
            ["format": 1, "verdict": .null, "refusal": ["code": "unsigned", "reason": ""]],
            ["format": 2, "verdict": .null, "refusal": .null],
            ["verdict": .null, "refusal": .null],
            ["format": 1, "verdict": .null, "refusal": .null, "more": 1],
            [],
        ]
        for document in broken {
            let error = #expect(throws: InvalidDocument.self, "\(document.canonical)") {
                try StageReport(reading: try Samples.node(document)) { _ in HealthGate() }
            }
            #expect(error?.description.contains("the worker's report:1:") != nil)
        }
    }

    @Test("A journal of the format before is still read")
    func oldJournal() throws {
        try withStore { store, _ in
            let move = Move(.upgrade, from: 3, to: 4)
            var text = Journal(phase: .placed, move: move).json.canonical
            #expect(text.contains("\"format\":2"))
            text = text.replacingOccurrences(of: "\"format\":2", with: "\"format\":1")
            let path = StateLayout.journal
            try store.root.makeFolders(StateLayout.state)
            try store.root.replaceFile(path, with: Array(text.utf8), mode: 0o600)
            #expect(
                try store.read(Journal.self, at: path) == Journal(phase: .placed, move: move))
        }
    }

    @Test("A boot is over when another one runs, or when nobody can tell them apart")
    func rebooted() {
        let move = Move(.upgrade, from: 3, to: 4)
        #expect(Journal(phase: .settling, move: move).isRebooted(in: "a"))
        #expect(Journal(phase: .rebooting, move: move, boot: "a").isRebooted(in: "b"))
        #expect(!Journal(phase: .rebooting, move: move, boot: "a").isRebooted(in: "a"))
        let started = Journal(phase: .rebooting, move: move, boot: "a", rebootStarts: 2)
        #expect(started.isRebooted(in: "a"))
    }

    @Test("The steps of old moves make room for how moves ended")
    func steps() {
        var ledger = Ledger()
        for number in 0..<40 {
            for kind in ["hook", "units", "flipped", "settling", "confirmed"] {
                ledger.append(
                    Ledger.Outcome(kind: kind, generation: number, at: Samples.moment))
            }
        }
        #expect(ledger.outcomes.count == Ledger.outcomeLimit)
        #expect(ledger.outcomes.count { $0.kind == "confirmed" } >= 30)
        #expect(ledger.outcomes.suffix(5).map(\.kind).first == "hook")
        #expect(ledger.outcomes.map(\.sequence) == ledger.outcomes.map(\.sequence).sorted())
    }

    @Test("A ledger keeps the newest failures and outcomes, and no more than its bounds")
    func bounds() {
        var ledger = Ledger()
        for number in 0..<1_000 {
            let digest = Samples.digest(number)
            ledger.remember(
                Ledger.FailedState(digest: digest, revision: nil, reason: "", at: Samples.moment))
            ledger.append(Ledger.Outcome(kind: "failed", generation: number, at: Samples.moment))
        }
        #expect(ledger.failed.count == Ledger.failedLimit)
        #expect(ledger.outcomes.count == Ledger.outcomeLimit)
        #expect(ledger.outcomes.last?.generation == 999)
        #expect(ledger.failure(of: Samples.digest(999)) != nil)
        #expect(ledger.failure(of: Samples.digest(1)) == nil)
        // Remembered again, it is the newest, and still there once.
        let oldest = ledger.failed[0]
        ledger.remember(oldest)
        #expect(ledger.failed.last == oldest)
        #expect(ledger.failed.count == Ledger.failedLimit)
    }
}
