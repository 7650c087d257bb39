import AgentMachine
import DeviceRecords
import FleetModel
import Foundation
import HostSystem
import Testing

@testable import Transaction

@Suite(.enabled(if: geteuid() == 0, "files are given to root")) struct CreateOnceTests {
    private let zero = GenerationRecord.beforeFlotilla
    private let path = "/etc/seed"

    private func once(_ number: Int, _ text: String) -> GenerationRecord {
        generation(number, [file(path, text, mode: 0o600, create: .once)])
    }

    @Test("it is placed where nothing stands, and is the device's from then on")
    func belongsToTheDevice() throws {
        try withDevice { device in
            try device.upgrade(from: zero, to: once(1, "one"))
            #expect(device.text(path) == "one")
            #expect(try device.root.status(of: path)?.mode == 0o600)
            try device.write(path, "mine", mode: 0o644)
            #expect(try device.deviations(from: once(1, "one")) == [])
            try device.upgrade(from: once(1, "one"), to: once(2, "two"))
            #expect(device.text(path) == "mine")
            // It stays when the bundle leaves.
            try device.upgrade(from: once(2, "two"), to: generation(3))
            #expect(device.text(path) == "mine")
            let saved = try Originals(store: device.store).read()
            #expect(saved.originals.isEmpty)
        }
    }

    @Test("what stands there already is left alone")
    func standsAlready() throws {
        try withDevice { device in
            try device.write(path, "theirs")
            let before = try device.root.status(of: path)
            try device.upgrade(from: zero, to: once(1, "one"))
            #expect(try device.root.status(of: path) == before)
            try device.redo(Move(.goBack, from: 1, to: 0), from: once(1, "one"), to: zero)
            #expect(try device.root.status(of: path) == before)
        }
    }

    @Test("where it is missing it is told, and placed again")
    func missing() throws {
        try withDevice { device in
            let one = once(1, "one")
            try device.upgrade(from: zero, to: one)
            try device.root.unlink(path)
            #expect(try device.deviations(from: one).map(\.kind) == [.missing])
            try device.redo(Move(.heal, from: 1, to: 1, paths: [path]), from: one, to: one)
            #expect(device.text(path) == "one")
        }
    }

    @Test("a generation that was never confirmed takes it along")
    func unconfirmed() throws {
        try withDevice { device in
            let one = once(1, "one")
            try device.flip(Move(.upgrade, from: 0, to: 1), from: zero, to: one)
            #expect(device.text(path) == "one")
            try device.redo(Move(.goBack, from: 1, to: 0), from: one, to: zero)
            #expect(try device.root.status(of: path) == nil)
        }
    }

    @Test("from once to always the device's file is kept, and comes back on the way back")
    func becomesAlways() throws {
        try withDevice { device in
            let one = once(1, "one")
            let two = generation(2, [file(path, "two")])
            try device.upgrade(from: zero, to: one)
            try device.write(path, "mine")
            try device.upgrade(from: one, to: two)
            #expect(device.text(path) == "two")
            try device.redo(Move(.goBack, from: 2, to: 1), from: two, to: one)
            #expect(device.text(path) == "mine")
        }
    }

    @Test("what comes to stand there between stage and flip is not replaced")
    func appearsMeanwhile() throws {
        try withDevice { device in
            let one = once(1, "one")
            let move = Move(.upgrade, from: 0, to: 1)
            try Stage(store: device.store).make(
                move, from: zero, to: one, contents: TestDevice.contents)
            try device.store.write(Journal(phase: .flipping, move: move), at: StateLayout.journal)
            try device.write(path, "mine")
            try Flip(store: device.store).perform(move, from: zero, to: one)
            #expect(device.text(path) == "mine")
            #expect(try device.root.listFolder("/etc", limit: 9) == ["seed"])
        }
    }
}
