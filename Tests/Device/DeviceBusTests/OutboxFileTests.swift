import DeviceLink
import DeviceRecords
import FleetModel
import Foundation
import HostSystem
import TestSupport
import Testing
import WireMessages

@testable import DeviceBus

private func event(_ sequence: Int64, _ kind: String = "confirmed") -> DeviceEvent {
    DeviceEvent(
        sequence: sequence, kind: kind, generation: 1, detail: "event \(sequence)",
        at: Instant(seconds: 1_000 + sequence))
}

@Suite struct OutboxFileTests {
    private func withRoot(_ body: (Root, URL) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let root = try Root(folder.path)
            try root.makeStateFolders()
            try body(root, folder.appendingPathComponent(StateLayout.outbox))
        }
    }

    /// As the bus does it: memory first, then the file.
    private func take(
        _ events: [DeviceEvent], _ file: inout OutboxFile, _ outbox: inout Outbox
    ) throws {
        let records = outbox.take(events)
        try file.keep(records, of: outbox)
    }

    @Test("What was kept is there after a restart")
    func restart() throws {
        try withRoot { root, _ in
            var (file, outbox, damaged) = try OutboxFile.open(StateLayout.outbox, below: root)
            #expect(damaged == 0)
            try file.keep(outbox.begin(in: 65_536), of: outbox)
            try take([event(1), event(2)], &file, &outbox)
            try take([event(3)], &file, &outbox)
            try file.keep(outbox.acknowledge(upto: 1, origin: 65_536), of: outbox)
            let again = try OutboxFile.open(StateLayout.outbox, below: root)
            #expect(again.outbox == outbox)
            #expect(again.outbox.events.map(\.sequence) == [2, 3])
            #expect(again.damagedLines == 0)
        }
    }

    @Test(
        "Whatever byte a power cut leaves as the last, what was kept before is there, and it goes on"
    )
    func powerCut() throws {
        try withRoot { root, path in
            var (file, outbox, _) = try OutboxFile.open(StateLayout.outbox, below: root)
            try file.keep(outbox.begin(in: 7), of: outbox)
            var ends = [try Data(contentsOf: path).count]
            for number in 1...4 {
                try take([event(Int64(number))], &file, &outbox)
                ends.append(try Data(contentsOf: path).count)
            }
            let whole = try Data(contentsOf: path)
            for length in 0...whole.count {
                try whole.prefix(length).write(to: path)
                var (file, read, _) = try OutboxFile.open(StateLayout.outbox, below: root)
                let kept = ends.count { $0 <= length } - 1
                #expect(read.count >= max(0, kept), "at \(length)")
                // The ledger still knows what the file has lost.
                try take((1...5).map { event($0) }, &file, &read)
                let again = try OutboxFile.open(StateLayout.outbox, below: root)
                #expect(again.outbox.events.map(\.sequence) == [1, 2, 3, 4, 5], "at \(length)")
                #expect(again.damagedLines == 0)
            }
        }
    }

    @Test("What the disk did not take is there once it takes something")
    func brokenDisk() throws {
        try withRoot { root, path in
            var (file, outbox, _) = try OutboxFile.open(StateLayout.outbox, below: root)
            try take([event(1)], &file, &outbox)
            let state = path.deletingLastPathComponent()
            let aside = state.appendingPathExtension("aside")
            try FileManager.default.moveItem(at: state, to: aside)
            try Data().write(to: state)
            #expect(throws: SystemError.self) { try take([event(2)], &file, &outbox) }
            #expect(throws: SystemError.self) { try take([event(3)], &file, &outbox) }
            try FileManager.default.removeItem(at: state)
            try FileManager.default.moveItem(at: aside, to: state)
            try file.keep([], of: outbox)
            let again = try OutboxFile.open(StateLayout.outbox, below: root)
            #expect(again.outbox.events.map(\.sequence) == [1, 2, 3])
        }
    }

    @Test("The file stays small, however much goes through it")
    func staysSmall() throws {
        try withRoot { root, path in
            var (file, outbox, _) = try OutboxFile.open(StateLayout.outbox, below: root)
            try file.keep(outbox.begin(in: 7), of: outbox)
            for number in 1...3_000 {
                let records = outbox.take([event(Int64(number))])
                let acknowledged = outbox.acknowledge(upto: Int64(number - 1), origin: 7)
                try file.keep(records + acknowledged, of: outbox)
            }
            #expect(try Data(contentsOf: path).count < 200_000)
            let again = try OutboxFile.open(StateLayout.outbox, below: root)
            #expect(again.outbox == outbox)
            #expect(again.outbox.count == 1)
        }
    }
}
