import AgentMachine
import DeviceRecords
import Documents
import FleetModel
import Foundation
import HostSystem
import TestSupport
import Testing

@Suite struct RecordSealTests {
    private let path = "/journal.json"
    private let journal = Journal(
        phase: .placed,
        move: Move(.upgrade, from: 3, to: 4, reason: "why", wasFailing: ["a/b"], paths: ["/c"]))

    private func withJournal(_ body: (RecordStore, [UInt8]) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let store = RecordStore(root: try Root(folder.path))
            try store.write(journal, at: path)
            try body(store, try #require(try store.root.readFile(path, limit: 10_000)))
        }
    }

    private func isDamaged(_ bytes: [UInt8], in store: RecordStore) throws -> Bool {
        try store.root.replaceFile(path, with: bytes, mode: 0o600)
        do throws(RecordError) {
            _ = try store.read(Journal.self, at: path)
            return false
        } catch {
            guard error.isDamage else { throw error }
            return true
        }
    }

    @Test("a record that is whole is read as it was written")
    func whole() throws {
        try withJournal { store, bytes in
            #expect(bytes.starts(with: Array("{\n  \"sum\": \"".utf8)))
            let read = try store.read(Journal.self, at: path)
            #expect(read == journal)
        }
    }

    @Test("a journal in which any single bit is another is not believed")
    func flippedBits() throws {
        try withJournal { store, bytes in
            for index in bytes.indices.dropLast() {
                for bit in 0..<8 {
                    var flipped = bytes
                    flipped[index] ^= 1 << UInt8(bit)
                    let isFound = try isDamaged(flipped, in: store)
                    #expect(isFound, "byte \(index), bit \(bit)")
                }
            }
        }
    }

    @Test("a journal that ends early, at any byte, is not believed")
    func torn() throws {
        try withJournal { store, bytes in
            // The line's end is no loss.
            for count in 0..<(bytes.count - 1) {
                let zeros = [UInt8](repeating: 0, count: bytes.count - count)
                let isFound = try isDamaged(Array(bytes[..<count]), in: store)
                let isFoundWithZeros = try isDamaged(bytes[..<count] + zeros, in: store)
                #expect(isFound && isFoundWithZeros, "\(count) bytes")
            }
        }
    }

    @Test("a record of an agent that wrote no checksum is accepted")
    func withoutSum() throws {
        try withJournal { store, _ in
            let bytes = Array(journal.json.pretty.utf8)
            let isFound = try isDamaged(bytes, in: store)
            let read = try store.read(Journal.self, at: path)
            #expect(!isFound && read == journal)
        }
    }
}
