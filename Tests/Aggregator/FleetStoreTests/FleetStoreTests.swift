import Digests
import Documents
import FleetModel
import Foundation
import TestSupport
import Testing

@testable import FleetStore

@Suite struct FleetStoreTests {
    private let gateway: DeviceID
    private let kiosk: DeviceID

    init() throws {
        gateway = try #require(DeviceID("gw-1"))
        kiosk = try #require(DeviceID("kiosk-1"))
    }

    private func withStore(_ body: (_ path: String) throws -> Void) throws {
        try withTemporaryFolder { try body($0.appendingPathComponent("fleet.sqlite").path) }
    }

    private func event(
        _ device: DeviceID, _ sequence: Int64, epoch: Int64 = 1, kind: String = "confirmed"
    ) -> StoredEvent {
        StoredEvent(
            device: device, epoch: epoch, sequence: sequence, kind: kind, generation: 3,
            revision: Revision(String(repeating: "ab", count: 20)),
            digest: SHA256.hash([1, 2, 3]), detail: "it's \"well\"", at: Instant(seconds: 100),
            received: Instant(seconds: 101))
    }

    private func changes(_ devices: [DeviceID], _ events: [StoredEvent] = []) -> FleetChanges {
        var changes = FleetChanges()
        for device in devices { changes.devices[device] = ["id": .string(device.text)] }
        changes.events = events
        return changes
    }

    @Test("What was committed is there for who opens the file again")
    func remembers() throws {
        try withStore { path in
            var changes = changes([gateway, kiosk], [event(gateway, 1), event(kiosk, 1)])
            changes.values["order"] = ["sequence": 7]
            changes.decisions = [
                StoredDecision(
                    number: 1, at: Instant(seconds: 5), record: ["text": "opened"],
                    digest: SHA256.hash([9]))
            ]
            #expect(try FleetStore(at: path).commit(changes) == 2)
            let store = try FleetStore(at: path)
            #expect(Set(try store.devices().map(\.id)) == [gateway, kiosk])
            #expect(try store.events(after: nil, limit: 10).map(\.event) == changes.events)
            #expect(try store.value("order") != nil)
            #expect(try store.value("unknown") == nil)
            #expect(try store.decisions().map(\.number) == [1])
        }
    }

    @Test("An event that is sent again changes nothing, whatever it says now")
    func idempotent() throws {
        try withStore { path in
            let store = try FleetStore(at: path)
            try store.commit(changes([gateway], [event(gateway, 1), event(gateway, 2)]))
            let again = changes(
                [gateway], [event(gateway, 2, kind: "failed"), event(gateway, 3)])
            #expect(try store.commit(again) == 1)
            #expect(try store.commit(again) == 0)
            let kinds = try store.events(after: 0, limit: 10).map(\.event.kind)
            #expect(kinds == ["confirmed", "confirmed", "confirmed"])
            // The same sequence in another epoch is another event.
            #expect(try store.commit(changes([gateway], [event(gateway, 1, epoch: 2)])) == 1)
        }
    }

    @Test("A transaction is written as a whole or not at all")
    func whole() throws {
        try withStore { path in
            let store = try FleetStore(at: path)
            // The second event's device has no row.
            let bad = changes([gateway], [event(gateway, 1), event(kiosk, 1)])
            #expect(throws: StoreError.self) { try store.commit(bad) }
            #expect(try store.devices().isEmpty)
            #expect(try store.events(after: nil, limit: 10).isEmpty)
        }
    }

    @Test("Events come in pages, of one device where asked, and the newest without a place")
    func pages() throws {
        try withStore { path in
            let store = try FleetStore(at: path)
            let events = (1...10).flatMap { [event(gateway, $0), event(kiosk, $0)] }
            try store.commit(changes([gateway, kiosk], events))
            let first = try store.events(after: 0, limit: 3).map(\.number)
            #expect(first == [1, 2, 3])
            #expect(try store.events(after: 3, limit: 2).map(\.number) == [4, 5])
            #expect(try store.events(after: nil, limit: 2).map(\.number) == [19, 20])
            let own = try store.events(after: nil, of: kiosk, limit: 2)
            #expect(own.map(\.event.sequence) == [9, 10])
            #expect(own.allSatisfy { $0.event.device == kiosk })
            let nobody = try #require(DeviceID("nobody"))
            #expect(try store.events(after: nil, of: nobody, limit: 2).isEmpty)
        }
    }

    @Test("Old events go when there are too many, and numbers are not used again")
    func bounded() throws {
        try withStore { path in
            let store = try FleetStore(at: path, eventLimit: 5)
            for sequence in 1...20 {
                try store.commit(changes([gateway], [event(gateway, Int64(sequence))]))
            }
            #expect(try store.events(after: 0, limit: 100).map(\.number) == [16, 17, 18, 19, 20])
        }
    }

    @Test("One that tells without end drives out no other's events")
    func flood() throws {
        try withStore { path in
            let store = try FleetStore(at: path, eventsOfDevice: 10)
            try store.commit(changes([kiosk], (1...3).map { event(kiosk, $0) }))
            for round in 0..<5 as Range<Int64> {
                let told = (1...7).map { event(gateway, round * 7 + $0) }
                try store.commit(changes([gateway], told))
            }
            let quiet = try store.events(after: 0, of: kiosk, limit: 100)
            #expect(quiet.map(\.event.sequence) == [1, 2, 3])
            let loud = try store.events(after: 0, of: gateway, limit: 100)
            #expect(loud.map(\.event.sequence) == Array(26...35))
        }
    }

    @Test("A file of a later version, and one that is none, are refused with a reason")
    func refused() throws {
        try withStore { path in
            try FleetStore(at: path).commit(changes([gateway]))
            try run(
                "sqlite3", [path, "INSERT INTO grdb_migrations (identifier) VALUES ('99')"])
            let later = #expect(throws: StoreError.self) { try FleetStore(at: path) }
            #expect(later?.description.contains("later version") == true)
        }
        try withStore { path in
            try Data(repeating: 7, count: 10_000).write(to: URL(fileURLWithPath: path))
            #expect(throws: StoreError.self) { try FleetStore(at: path) }
        }
    }

    @Test("A full disk is an error, and the store goes on when there is room")
    func fullDisk() throws {
        try withStore { path in
            let store = try FleetStore(at: path)
            try store.commit(changes([gateway]))
            try store.limitPages(to: 40)
            let events = (1...2_000).map { event(gateway, $0) }
            #expect(throws: StoreError.self) { try store.commit(changes([gateway], events)) }
            try store.limitPages(to: 1_000_000)
            #expect(try store.commit(changes([gateway], events)) == 2_000)
        }
    }

    @Test("A thousand devices with an event each are one transaction, and fast")
    func speed() throws {
        try withStore { path in
            let store = try FleetStore(at: path)
            let ids = try (0..<1_000).map { try #require(DeviceID("gw-\($0)")) }
            for round in 1...3 {
                let changes = changes(ids, ids.map { event($0, Int64(round)) })
                let start = ContinuousClock.now
                #expect(try store.commit(changes) == 1_000)
                print("1,000 devices and events committed in \(ContinuousClock.now - start)")
            }
        }
    }
}
