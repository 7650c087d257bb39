import AgentMachine
import DeviceRecords
import Digests
import Documents
import FleetModel
import Foundation
import HostSystem
import ReleaseTrust
import TestSupport
import Testing

@testable import DeviceRecords

extension Samples {
    static func digest(_ number: Int) -> ContentDigest { SHA256.hash(String(number).utf8) }
}

/// A disk may say anything. It must not stop the agent, and a person must be told what to do.
@Suite struct DamagedRecordTests {
    private static let path = StateLayout.state + "/sample.json"

    /// A record's own text, and how it is read from a disk.
    private struct Sample {
        var name: String
        var json: JSONValue
        var read: (RecordStore) throws -> Void

        init<Record: DeviceRecord>(_ record: Record) {
            name = Record.recordName
            json = record.json
            read = { store in _ = try store.read(Record.self, at: path) }
        }
    }

    private func samples() throws -> [Sample] {
        let head = try Samples.head()
        return [
            Sample(try Samples.generation()), Sample(Samples.journals()[1]),
            Sample(try Samples.ledger()), Sample(Samples.status()), Sample(Samples.hold()),
            Sample(try Samples.fetch()), Sample(head), Sample(head.anchor),
            Sample(LastGeneration(number: 3)), Sample(Samples.drift()),
        ]
    }

    private func write(_ bytes: [UInt8], _ store: RecordStore) throws {
        try store.root.replaceFile(Self.path, with: bytes, mode: 0o600)
    }

    /// What reading says, which must name the file and a way out.
    private func damage(_ sample: Sample, _ store: RecordStore) throws -> InvalidDocument? {
        do {
            try sample.read(store)
        } catch let RecordError.damaged(error) {
            #expect(!error.diagnostics.isEmpty)
            for diagnostic in error.diagnostics {
                #expect(!diagnostic.message.isEmpty && !diagnostic.fix.isEmpty)
            }
            return error
        }
        return nil
    }

    @Test("A record of a newer format is refused, and says so")
    func newerFormat() throws {
        try withStore { store, _ in
            for sample in try samples() {
                guard case .object(var members) = sample.json else { continue }
                members["format"] = 9
                try write(Array(JSONValue.object(members).pretty.utf8), store)
                let error = try #require(try damage(sample, store), "\(sample.name)")
                #expect(error.diagnostics.contains { $0.message.contains("`format`") })
                #expect(error.diagnostics.allSatisfy { $0.place.hasPrefix(Self.path + ":") })
            }
        }
    }

    @Test("A record with a key that this version does not know is refused")
    func unknownKey() throws {
        try withStore { store, _ in
            for sample in try samples() {
                guard case .object(var members) = sample.json else { continue }
                members["surprise"] = 1
                try write(Array(JSONValue.object(members).pretty.utf8), store)
                let error = try #require(try damage(sample, store), "\(sample.name)")
                #expect(error.diagnostics.contains { $0.message.contains("surprise") })
            }
        }
    }

    @Test("A record that lacks a key, or has another kind of value there, is refused")
    func wrongValues() throws {
        let optional: Set<String> = [
            "revision", "previous", "refusal", "rejection", "reason", "lastFetch", "fetchProblem",
            "trouble", "lastScan", "driftSince", "watchProblem", "identity", "lastSequence",
            "toldDrift", "wayHome", "settled",
        ]
        try withStore { store, _ in
            for sample in try samples() {
                guard case .object(let members) = sample.json else { continue }
                for key in members.keys.sorted() {
                    var broken = members
                    broken[key] = ["odd": [1]]
                    try write(Array(JSONValue.object(broken).pretty.utf8), store)
                    #expect(try damage(sample, store) != nil, "\(sample.name): odd \(key)")
                    if optional.contains(key) { continue }
                    broken[key] = nil
                    try write(Array(JSONValue.object(broken).pretty.utf8), store)
                    let error = try damage(sample, store)
                    #expect(
                        error?.description.contains("`\(key)`") == true,
                        "\(sample.name) without \(key)")
                }
            }
        }
    }

    @Test("A cut or damaged record is an error or a record, never the end of the agent")
    func randomDamage() throws {
        var generator = SeededGenerator(seed: 7)
        try withStore { store, _ in
            for sample in try samples() {
                let text = Array(sample.json.pretty.utf8)
                for length in [0, 1, text.count / 2, text.count - 1] {
                    try write(Array(text.prefix(length)), store)
                    #expect(try damage(sample, store) != nil, "\(sample.name) cut at \(length)")
                }
                for _ in 0..<150 {
                    try write(mutated(text, using: &generator), store)
                    _ = try damage(sample, store)
                }
            }
        }
    }

    @Test("A generation whose content does not fit its digest is refused")
    func wrongDigest() throws {
        try withStore { store, _ in
            let sample = Sample(try Samples.generation())
            let text = sample.json.pretty.replacingOccurrences(of: "0640", with: "0644")
            let changed = text.replacingOccurrences(of: "web.service", with: "wab.service")
            try write(Array(changed.utf8), store)
            let error = try #require(try damage(sample, store))
            #expect(error.description.contains("digest"))
        }
    }

    @Test("A record that is no file, or larger than any record, is an error")
    func wrongKind() throws {
        try withStore { store, folder in
            try store.root.makeFolder(Self.path)
            #expect(throws: RecordError.self) { try store.read(Hold.self, at: Self.path) }
            let large = StateLayout.state + "/large.json"
            let handle = folder.appendingPathComponent(large).path
            #expect(FileManager.default.createFile(atPath: handle, contents: nil))
            #expect(truncate(handle, off_t(Limits.recordBytes + 1)) == 0)
            #expect(throws: RecordError.self) { try store.read(Hold.self, at: large) }
        }
    }

    @Test("A link `current` that leads to no generation is an error that says what to do")
    func wrongLink() throws {
        for target in ["elsewhere", "generations/", "generations/-1", "generations/x"] {
            try withStore { store, _ in
                try store.root.symbolicLink(target, at: StateLayout.current)
                let error = #expect(throws: RecordError.self, "\(target)") {
                    try store.currentGeneration()
                }
                #expect(error?.description.contains(StateLayout.current) == true)
            }
        }
        try withStore { store, _ in
            #expect(try store.currentGeneration() == 0)
            try store.root.symbolicLink("generations/12", at: StateLayout.current)
            #expect(try store.currentGeneration() == 12)
        }
    }
}
