import AgentMachine
import DeviceRecords
import FleetModel
import Foundation
import HostSystem
import TestSupport
import Testing

@testable import Transaction

/// What early boot does, before anything uses the files.
@Suite(.enabled(if: geteuid() == 0, "files are given to root")) struct RecoveryTests {
    private let zero = GenerationRecord.beforeFlotilla
    private let one = generation(
        1,
        [
            file("/etc/app/a", "one"), file("/etc/motd", "two"),
            file("/etc/linked", "three", placement: .link), file("/opt/kept", "four"),
        ], links: [link("/etc/issue", to: "motd")],
        directories: [owned("/etc/conf.d", mode: 0o750)])

    private func makeWhole(_ device: TestDevice) throws -> Recovery.FileRepair {
        try Recovery(store: device.store).makeFilesWhole { move in
            let old = try #require(try device.store.generation(move.from))
            let new = try #require(try device.store.generation(move.to))
            try Stage(store: device.store).make(
                move, from: old, to: new, contents: TestDevice.contents)
        }
    }

    /// As an overlay or another slot brings it: what Flotilla placed is gone, the vendor's is back.
    private func makePristine(_ device: TestDevice) throws {
        try device.root.removeTree("/etc")
        try device.write("/etc/motd", "theirs")
    }

    @Test("a device that stands as it should is left alone")
    func nothing() throws {
        try withDevice { device in
            try device.upgrade(from: zero, to: one)
            let before = try device.snapshot()
            #expect(try makeWhole(device) == .nothing)
            #expect(try device.snapshot() == before)
        }
    }

    @Test("an /etc that came back pristine gets the placements of the current generation")
    func pristine() throws {
        try withDevice { device in
            try device.write("/etc/motd", "theirs")
            try device.upgrade(from: zero, to: one)
            let whole = try device.snapshot()
            try makePristine(device)
            let repair = try makeWhole(device)
            #expect(
                repair
                    == .replaced([
                        "/etc/app/a", "/etc/conf.d", "/etc/issue", "/etc/linked", "/etc/motd",
                    ]))
            #expect(try device.snapshot() == whole)
            #expect(try device.root.status(of: StateLayout.journal) == nil)
            // Nothing of it was taken for an original.
            try device.redo(Move(.goBack, from: 1, to: 0), from: one, to: zero)
            #expect(device.text("/etc/motd") == "theirs")
            #expect(try device.root.listFolder("/etc", limit: 9) == ["motd"])
        }
    }

    @Test("where drift is only reported, what came back pristine is placed and an edit is kept")
    func reported() throws {
        try withDevice { device in
            try device.write("/etc/motd", "theirs")
            let one = generation(
                1, [file("/etc/motd", "one"), file("/etc/a", "two"), file("/etc/b", "three")],
                drift: .report)
            try device.upgrade(from: zero, to: one)
            try makePristine(device)
            try device.write("/etc/b", "edited")
            #expect(try makeWhole(device) == .replaced(["/etc/a", "/etc/motd"]))
            #expect(device.text("/etc/b") == "edited" && device.text("/etc/motd") == "one")
        }
    }

    @Test("while the device is held an edit is kept, and what came back pristine is placed")
    func held() throws {
        try withDevice { device in
            try device.upgrade(from: zero, to: one)
            let now = Clocks.wall()
            try device.store.write(
                Hold(reason: "looking", since: now, until: now + .seconds(3_600)),
                at: StateLayout.hold)
            try device.write("/opt/kept", "edited")
            try device.root.unlink("/etc/app/a")
            #expect(try makeWhole(device) == .replaced(["/etc/app/a"]))
            #expect(device.text("/opt/kept") == "edited")
        }
    }

    @Test("a kill in the middle of putting pristine paths right is made good the next time")
    func killed() throws {
        try withDeviceFolder { base in
            let start = base + "/start"
            try FileManager.default.createDirectory(
                atPath: start, withIntermediateDirectories: false)
            chmod(start, 0o755)
            let device = try TestDevice(start)
            try device.write("/etc/motd", "theirs")
            try device.upgrade(from: zero, to: one)
            let whole = try device.snapshot()
            try makePristine(device)
            let counter = Fuse(at: .max)
            try onCopy(of: start, base, counter) { _ = try makeWhole($0) }
            #expect(counter.count > 20)
            let step = Thoroughness.rounds(3, full: 1)
            for step in stride(from: 1, through: counter.count, by: step) {
                try onCopy(of: start, base, Fuse(at: step)) { copy in
                    #expect(throws: (any Error).self) { try makeWhole(copy) }
                    let again = try TestDevice(copy.folder)
                    _ = try makeWhole(again)
                    #expect(try again.snapshot() == whole, "step \(step)")
                }
            }
        }
    }

    private func onCopy(
        of start: String, _ base: String, _ fuse: Fuse, _ body: (TestDevice) throws -> Void
    ) throws {
        let folder = "\(base)/copy"
        _ = try output(of: "cp", ["-a", start, folder])
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(
            try TestDevice(folder) { operation, path throws(SystemError) in
                try fuse.burn(operation, path)
            })
    }

    @Test("files of a move that had passed its commit point stand before the agent starts")
    func redone() throws {
        try withDevice { device in
            try device.upgrade(from: zero, to: one)
            let two = generation(2, [file("/etc/app/a", "five")])
            let move = Move(.upgrade, from: 1, to: 2)
            try device.flip(move, from: one, to: two)
            try device.write("/etc/app/a", "torn")
            #expect(try makeWhole(device) == .redone(move))
            #expect(device.text("/etc/app/a") == "five")
            // The units and the gate are still to come.
            #expect(try device.store.read(Journal.self, at: StateLayout.journal)?.move == move)
        }
    }

    @Test("a move that had not passed it leaves nothing behind")
    func undone() throws {
        try withDevice { device in
            try device.upgrade(from: zero, to: one)
            let whole = try device.snapshot()
            let two = generation(
                2, [file("/etc/conf.d/x", "five"), file("/etc/conf.d/y", "six")],
                directories: [owned("/etc/conf.d")])
            let move = Move(.upgrade, from: 1, to: 2)
            try Stage(store: device.store).make(
                move, from: one, to: two, contents: TestDevice.contents)
            #expect(try device.snapshot() != whole)
            try device.store.write(Journal(phase: .flipping, move: move), at: StateLayout.journal)
            #expect(try makeWhole(device) == .undone(move))
            #expect(try device.snapshot() == whole)
        }
    }
}
