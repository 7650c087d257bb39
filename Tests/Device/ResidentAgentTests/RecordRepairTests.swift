import AgentMachine
import DeviceRecords
import FleetModel
import Foundation
import HostSystem
import TestSupport
import Testing

@testable import ResidentAgent

@Suite struct RecordRepairTests {
    private let now = Instant(seconds: 1_800_000_000)
    private let garbage = "\u{0}\u{0}\u{0}"

    /// A device that stands on generation 3, which is confirmed.
    private func withDevice(_ body: (RecordStore) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let root = try Root(folder.path)
            try root.makeStateFolders()
            let store = RecordStore(root: root)
            for number in [2, 3] {
                try Generations.make(
                    GenerationRecord(
                        number: number,
                        revision: Revision(String(repeating: "\(number)a", count: 20)),
                        created: now, state: DesiredState()), in: store)
            }
            try root.symbolicLink("generations/3", at: StateLayout.current)
            var ledger = Ledger()
            ledger.confirmed = 3
            ledger.previous = 2
            try store.write(ledger, at: StateLayout.ledger)
            try body(store)
        }
    }

    private func damage(_ path: String, in store: RecordStore) throws {
        try store.root.replaceFile(path, with: Array(garbage.utf8), mode: 0o600)
    }

    private func repaired(_ store: RecordStore) throws -> [String] {
        try RecordRepair(store: store).run(at: now)
    }

    private func ledger(in store: RecordStore) throws -> Ledger? {
        try store.read(Ledger.self, at: StateLayout.ledger)
    }

    private func journal(in store: RecordStore) throws -> Journal? {
        try store.read(Journal.self, at: StateLayout.journal)
    }

    @Test("records that are whole are left alone")
    func whole() throws {
        try withDevice { store in
            let lines = try repaired(store)
            #expect(lines.isEmpty)
            #expect(try ledger(in: store)?.previous == 2)
            #expect(try journal(in: store) == nil)
        }
    }

    @Test("a lost link leads to the confirmed generation again, and not to before Flotilla")
    func lostLink() throws {
        try withDevice { store in
            try store.root.unlink(StateLayout.current)
            let lines = try repaired(store)
            #expect(lines.count == 1)
            #expect(try store.currentGeneration() == 3)
            #expect(try repaired(store).isEmpty)
        }
    }

    @Test("a ledger that is lost begins again where the device stands, and says so")
    func lostLedger() throws {
        try withDevice { store in
            try damage(StateLayout.ledger, in: store)
            let lines = try repaired(store)
            #expect(lines.count == 2)
            let ledger = try #require(try self.ledger(in: store))
            #expect(ledger.confirmed == 3)
            #expect(ledger.revision == Revision(String(repeating: "3a", count: 20)))
            #expect(ledger.outcomes.last?.kind == "damaged")
            #expect(try store.root.exists(StateLayout.damaged(StateLayout.ledger)))
            #expect(try repaired(store).isEmpty)
        }
    }

    @Test("a ledger of a newer agent is moved aside and not misread")
    func newerLedger() throws {
        try withDevice { store in
            let text = "{\"format\": 2, \"confirmed\": 2, \"novelty\": true}"
            try store.root.replaceFile(StateLayout.ledger, with: Array(text.utf8), mode: 0o600)
            _ = try repaired(store)
            #expect(try ledger(in: store)?.confirmed == 3)
        }
    }

    @Test("a lost ledger does not confirm what an upgrade was only trying")
    func lostLedgerInTheMiddle() throws {
        try withDevice { store in
            let move = Move(.upgrade, from: 2, to: 3)
            try store.write(Journal(phase: .settling, move: move), at: StateLayout.journal)
            try damage(StateLayout.ledger, in: store)
            _ = try repaired(store)
            #expect(try ledger(in: store)?.confirmed == 2)
            #expect(try journal(in: store)?.move == move)
        }
    }

    @Test("without its journal a generation that was not confirmed is placed and judged again")
    func lostJournal() throws {
        try withDevice { store in
            var ledger = Ledger()
            ledger.confirmed = 2
            try store.write(ledger, at: StateLayout.ledger)
            try damage(StateLayout.journal, in: store)
            _ = try repaired(store)
            let journal = try #require(try self.journal(in: store))
            #expect(journal.phase == .flipping)
            #expect(journal.move == Move(.upgrade, from: 2, to: 3))
        }
    }

    @Test("without its journal a confirmed generation that stands as it should is left alone")
    func lostJournalOfNothing() throws {
        try withDevice { store in
            try damage(StateLayout.journal, in: store)
            _ = try repaired(store)
            #expect(try journal(in: store) == nil)
        }
    }

    @Test("who held a device for an unknown time gets a hold that ends")
    func lostHold() throws {
        try withDevice { store in
            try damage(StateLayout.hold, in: store)
            _ = try repaired(store)
            let hold = try #require(try store.read(Hold.self, at: StateLayout.hold))
            #expect(hold.holds(at: now))
            #expect(!hold.holds(at: now + .seconds(5 * 3_600)))
        }
    }

    @Test("a generation's number is not used twice although the record of the last is damaged")
    func lostNumber() throws {
        try withDevice { store in
            try damage(StateLayout.lastGeneration, in: store)
            #expect(try Generations.next(in: store) == 4)
        }
    }
}
