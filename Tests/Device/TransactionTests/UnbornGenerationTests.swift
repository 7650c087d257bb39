import AgentMachine
import DeviceRecords
import FleetModel
import Foundation
import HostSystem
import Testing

@testable import Transaction

/// What a kill in the middle of staging leaves, when the agent starts again.
@Suite(.enabled(if: geteuid() == 0, "files are given to root")) struct UnbornGenerationTests {
    private static let one = generation(1, [file("/etc/a", "one")])
    private static let two = generation(
        2, [file("/etc/a", "two"), file("/etc/linked", "three", placement: .link)])

    /// A device that was killed when generation 2 was staged, beside a ledger that says what ever
    /// stood there.
    private func killed(
        _ ledger: Ledger, _ body: (TestDevice) throws -> Void
    ) throws {
        try withDevice { device in
            try device.upgrade(from: .beforeFlotilla, to: Self.one)
            try device.store.write(ledger, at: StateLayout.ledger)
            try Generations.make(Self.two, in: device.store)
            try Stage(store: device.store).make(
                Move(.upgrade, from: 1, to: 2), from: Self.one, to: Self.two,
                contents: TestDevice.contents)
            // Killed between the writing of a file and its renaming.
            try device.write(StateLayout.files(of: 2) + "/etc/.linked.new", "thr")
            #expect(try device.recover() == .whole)
            try body(device)
        }
    }

    @Test("a generation that never stood is gone with all that was staged for it")
    func unborn() throws {
        var ledger = Ledger()
        ledger.confirmed = 1
        try killed(ledger) { device in
            let numbers = try Generations.numbers(in: device.store)
            let next = try Generations.next(in: device.store)
            let names = try device.root.listFolder("/etc", limit: 9)
            #expect(numbers == [1] && next == 3 && names == ["a"])
        }
    }

    @Test("one that stood there once is kept, whether it was good or not")
    func stood() throws {
        var ledger = Ledger()
        ledger.confirmed = 1
        ledger.append(
            Ledger.Outcome(kind: "failed", generation: 2, at: Instant(nanoseconds: 1)))
        try killed(ledger) { device in
            let numbers = try Generations.numbers(in: device.store)
            #expect(numbers == [1, 2])
        }
    }
}
