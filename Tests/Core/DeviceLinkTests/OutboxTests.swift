import Documents
import FleetModel
import TestSupport
import Testing
import WireMessages

@testable import DeviceLink

@Suite struct OutboxTests {
    private func outbox(_ events: [DeviceEvent], limit: Int = 1 << 20) -> Outbox {
        var outbox = Outbox(limit: limit)
        _ = outbox.begin(in: 7)
        _ = outbox.take(events)
        return outbox
    }

    @Test("What is acknowledged leaves, and only by an acknowledgement of the same count")
    func acknowledging() {
        var outbox = outbox((1...5).map { event($0) })
        #expect(outbox.acknowledge(upto: 3, origin: 8).isEmpty)
        #expect(outbox.count == 5)
        #expect(outbox.acknowledge(upto: 9, origin: 7).isEmpty)
        #expect(outbox.count == 5)
        #expect(outbox.acknowledge(upto: 3, origin: 7) == [.acknowledged(upto: 3)])
        #expect(outbox.events.map(\.sequence) == [4, 5])
        #expect(outbox.acknowledge(upto: 2, origin: 7).isEmpty)
        _ = outbox.acknowledge(upto: 5, origin: 7)
        #expect(outbox.isEmpty)
        #expect(outbox.bytes == 0)
    }

    @Test("An event is taken once; one that a damaged file lost is put back in its place")
    func taking() {
        var outbox = outbox([event(1), event(2), event(5)])
        #expect(outbox.take([event(2), event(3), event(5), event(6)]).count == 2)
        #expect(outbox.events.map(\.sequence) == [1, 2, 3, 5, 6])
        _ = outbox.acknowledge(upto: 3, origin: 7)
        #expect(outbox.take([event(1), event(3)]).isEmpty)
    }

    @Test("A full outbox turns its oldest events into counts, and keeps outcomes")
    func compacting() {
        let room = OutboxRecord.event(event(100, "healed")).line.count * 20
        var outbox = outbox([event(1), event(2, "failed")], limit: room)
        _ = outbox.take((3...60).map { event($0, "healed") })
        _ = outbox.take([event(61, "rolledBack")])
        #expect(outbox.bytes <= room)
        let kept = outbox.events
        #expect(Array(kept.prefix(2).map(\.sequence)) == [1, 2])
        #expect(kept.last?.kind == "rolledBack")
        let healed = kept.filter { $0.kind == "healed" }.count
        #expect(outbox.compacted == ["healed": 58 - healed])
        #expect(healed > 0)
        // The counts travel with the events after them.
        #expect(outbox.batch(limit: 1)?.compacted.isEmpty == true)
        #expect(outbox.batch(limit: 1 << 20)?.compacted == outbox.compacted)
        _ = outbox.acknowledge(upto: 2, origin: 7)
        #expect(!outbox.compacted.isEmpty)
        _ = outbox.acknowledge(upto: 61, origin: 7)
        #expect(outbox.compacted.isEmpty)
    }

    @Test("Outcomes become counts where nothing else is left, the oldest first")
    func compactingOutcomes() {
        let room = OutboxRecord.event(event(100)).line.count * 10
        let outbox = outbox((1...50).map { event($0) }, limit: room)
        #expect(outbox.bytes <= room)
        #expect(outbox.events.last?.sequence == 50)
        #expect(outbox.compacted == ["confirmed": 50 - outbox.count])
        #expect(outbox.compactedUpto == outbox.events[0].sequence - 1)
    }

    @Test("A batch stays below its limit, even where every byte of an event must be escaped")
    func batches() {
        let nasty = String(repeating: "\"\\", count: 2_000)
        let outbox = outbox((1...50).map { event($0, detail: nasty) })
        let batch = outbox.batch(limit: 48 << 10)
        let text = batch?.events.map { $0.json.canonical }.joined(separator: ",") ?? ""
        var escaped = ""
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { escaped += "\\" }
            escaped.unicodeScalars.append(scalar)
        }
        #expect(escaped.utf8.count <= 48 << 10)
        #expect((batch?.events.count ?? 0) > 2)
        // One that is too large on its own is sent all the same: waiting would not make it smaller.
        #expect(outbox.batch(limit: 10)?.events.count == 1)
    }

    @Test("The outbox that a file gives is the one that wrote it, whatever happened")
    func replay() {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<200 {
            var outbox = Outbox(limit: 3_000)
            var file = outbox.file
            var next: Int64 = 1
            for _ in 0..<60 {
                let records =
                    switch Int.random(in: 0..<10, using: &random) {
                    case 0: outbox.begin(in: .random(in: 1...1_000, using: &random))
                    case 1, 2:
                        outbox.acknowledge(
                            upto: .random(in: 0...next, using: &random),
                            origin: outbox.origin ?? 0)
                    default:
                        outbox.take([
                            event(next, Bool.random(using: &random) ? "healed" : "confirmed")
                        ])
                    }
                next = outbox.last + 1
                file += records.flatMap(\.line)
            }
            let read = Outbox.read(file, limit: 3_000, parse: parse)
            #expect(read.outbox == outbox)
            #expect(read.damagedLines == 0)
            #expect(Outbox.read(outbox.file, limit: 3_000, parse: parse).outbox == outbox)
        }
    }

    @Test("A file that was cut off at any byte gives the events before the cut")
    func tornFiles() {
        let outbox = outbox((1...4).map { event($0) })
        let file = outbox.file
        for length in 0...file.count {
            let read = Outbox.read(Array(file.prefix(length)), parse: parse)
            let whole = file.prefix(length).count { $0 == UInt8(ascii: "\n") }
            // A last line that only lost its line break still counts.
            let isComplete = length < file.count && file[length] == UInt8(ascii: "\n")
            #expect(read.outbox.count == max(0, whole + (isComplete ? 1 : 0) - 1), "at \(length)")
            let isWhole = length == 0 || file[length - 1] == UInt8(ascii: "\n")
            #expect((read.damagedLines == 0) == isWhole)
            if whole > 0 { #expect(read.outbox.origin == 7) }
        }
    }

    @Test("A damaged line is left out and told; the others stand")
    func damagedLines() {
        let file = outbox((1...4).map { event($0) }).file
        var random = SeededGenerator(seed: 3)
        for _ in 0..<300 {
            var damaged = file
            let place = Int.random(in: damaged.indices, using: &random)
            damaged[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            let read = Outbox.read(damaged, parse: parse)
            #expect(read.damagedLines > 0)
            #expect(read.outbox.count >= 2)
        }
    }
}
