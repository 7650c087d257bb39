import AgentMachine
import DeviceRecords
import FleetModel
import Foundation
import HostSystem
import ReleaseTrust
import TestSupport
import Testing

@testable import Staging

/// What stays on a device's disk, and what goes.
@Suite(.enabled(if: geteuid() == 0, "files are given to root")) struct KeepingTests {
    /// A release with a file that does not compress, applied and confirmed.
    @discardableResult
    static func apply(
        _ number: Int, _ fleet: StagedFleet, bytes: Int = 60_000, at minutes: Int64? = nil
    ) throws -> Int {
        let text = noise(bytes, seed: UInt64(number))
        try fleet.repository.write("bundles/web/files/plain", text)
        try fleet.repository.write("bundles/web/files/site.conf", "# {{ device.id }} \(number)\n")
        try fleet.release("Release \(number)", at: minutes ?? Int64(number))
        let generation = try fleet.apply()
        var ledger = try fleet.store.read(Ledger.self, at: StateLayout.ledger) ?? Ledger()
        ledger.previous = ledger.confirmed
        ledger.confirmed = generation
        ledger.revision = try fleet.store.generation(generation)?.revision
        try fleet.store.write(ledger, at: StateLayout.ledger)
        return generation
    }

    /// Text that hardly compresses; quick also where nothing is optimised.
    static func noise(_ count: Int, seed: UInt64) -> String {
        var state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        while bytes.count < count {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            bytes.append(33 + UInt8(truncatingIfNeeded: state >> 32) % 94)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    static func expectWayBack(to generation: Int, number: Int, _ fleet: StagedFleet) throws {
        let current = try fleet.store.currentGeneration()
        let move = Move(.goBack, from: current, to: generation, reason: "sick")
        try fleet.restage(move)
        try fleet.flip(move)
        #expect(try fleet.text("/etc/web/plain") == noise(60_000, seed: UInt64(number)))
        #expect(try fleet.text("/etc/web/site.conf") == "# gw-1 \(number)\n")
    }

    private func forget(allBut kept: Set<Int>, _ fleet: StagedFleet) throws {
        for number in try Generations.numbers(in: fleet.store) where !kept.contains(number) {
            try fleet.root.removeTree(StateLayout.generation(number))
        }
    }

    @Test("What forgotten generations were made of goes; every kept one is still a way back")
    func tidy() throws {
        try withFleet { fleet in
            for number in 1...5 { try Self.apply(number, fleet) }
            let before = try fleet.root.diskUsage(of: StateLayout.repository)
            try forget(allBut: [4, 5], fleet)
            let housekeeping = try #require(try Housekeeping(root: fleet.root))
            #expect(try housekeeping.tidy() == false, "a small store is in nobody's way")
            #expect(try housekeeping.tidy(urgently: true))
            let after = try fleet.root.diskUsage(of: StateLayout.repository)
            #expect(after < before * 2 / 3, "\(before) -> \(after)")
            try fleet.root.removeTree(StateLayout.incoming)
            try Self.expectWayBack(to: 4, number: 4, fleet)
            try Self.expectWayBack(to: 5, number: 5, fleet)
        }
    }

    @Test("After tidying, trust and the next release go on as before")
    func goesOn() throws {
        try withFleet { fleet in
            for number in 1...4 { try Self.apply(number, fleet) }
            try forget(allBut: [3, 4], fleet)
            #expect(try #require(try Housekeeping(root: fleet.root)).tidy(urgently: true))
            #expect(try Self.apply(5, fleet) == 5)
            try fleet.repository.git("reset", "-q", "--hard", "HEAD~2")
            let refused = try fleet.fetchAndStage()
            #expect(refused.refusal?.code == "notOnChain")
        }
    }

    @Test("A release that takes an old file back gets it from the server again")
    func oldFileAgain() throws {
        try withFleet { fleet in
            for number in 1...4 { try Self.apply(number, fleet) }
            try forget(allBut: [3, 4], fleet)
            #expect(try #require(try Housekeeping(root: fleet.root)).tidy(urgently: true))
            #expect(try Self.apply(1, fleet, at: 9) == 5)
            #expect(try fleet.text("/etc/web/plain") == Self.noise(60_000, seed: 1))
        }
    }

    @Test("Where a generation's record can't be read, nothing goes")
    func damagedRecord() throws {
        try withFleet { fleet in
            for number in 1...3 { try Self.apply(number, fleet) }
            let record = StateLayout.record(of: 2)
            try fleet.root.replaceFile(record, with: Array("{".utf8), mode: 0o600)
            #expect(try !#require(try Housekeeping(root: fleet.root)).tidy(urgently: true))
        }
    }

    @Test("What was fetched does not stay a second time, and a look without news writes nothing")
    func emptiesIncoming() throws {
        try withFleet { fleet in
            try Self.apply(1, fleet)
            #expect(try fleet.root.listFolder(StateLayout.incoming, limit: 9) == [])
            let before = try fleet.snapshot(without: [StateLayout.run])
            let tip = try #require(try fleet.trust()?.release)
            for _ in 0..<3 { #expect(try fleet.stage(tip).verdict == .upToDate(tip)) }
            #expect(try fleet.snapshot(without: [StateLayout.run]) == before)
        }
    }

    // MARK: Room

    private func configure(_ fleet: StagedFleet, maxDisk: String) throws {
        let text = """
            device: gw-1
            channel: main
            repository: {url: unused}
            services: none
            maxDisk: \(maxDisk)

            """
        try fleet.root.replaceFile(
            StateLayout.configuration, with: Array(text.utf8), mode: 0o600)
    }

    @Test("A release that needs more than maxDisk is rejected with both numbers, and nothing stays")
    func tooLarge() throws {
        try withFleet { fleet in
            try configure(fleet, maxDisk: "8MiB")
            try Self.apply(1, fleet)
            let text = Self.noise(6 << 20, seed: 9)
            try fleet.repository.write("bundles/web/files/plain", text)
            try fleet.release("Large", at: 9)
            let before = try fleet.root.diskUsage(of: StateLayout.state)
            let outcome = try fleet.fetchAndStage()
            guard case .rejected(_, let code, let reason) = outcome.verdict else {
                Issue.record("\(outcome)")
                return
            }
            #expect(code == "disk")
            #expect(reason.contains("maxDisk") && reason.contains("8192 KiB"), "\(reason)")
            #expect(try fleet.root.diskUsage(of: StateLayout.state) <= before + 16_384)
            #expect(try fleet.text("/etc/web/plain") == Self.noise(60_000, seed: 1))
            try configure(fleet, maxDisk: "64MiB")
            #expect(try fleet.apply() > 1)
            let placed = try fleet.root.readFile("/etc/web/plain", limit: 8 << 20)
            #expect(placed == Array(text.utf8))
        }
    }

    @Test("Garbage makes room before anything is rejected, and maxDisk holds release after release")
    func garbageMakesRoom() throws {
        try withFleet { fleet in
            try configure(fleet, maxDisk: "8MiB")
            for number in 1...12 {
                let generation = try Self.apply(number, fleet, bytes: 1_200_000)
                try forget(allBut: [generation - 1, generation], fleet)
                #expect(try fleet.root.diskUsage(of: StateLayout.state) <= 8 << 20)
            }
        }
    }
}
