import FleetModel
import Testing

@testable import AgentMachine

@Suite struct StartTests {
    private static let upgrade = Move(.upgrade, from: 1, to: 2)
    private static let back = Move(.goBack, from: 2, to: 1, reason: "sick")
    private static let heal = Move(.heal, from: 2, to: 2, paths: ["/etc/x"])

    struct Row: Sendable, CustomTestStringConvertible {
        var phase: MovePhase
        var move: Move
        var current: Int
        var confirmed: Int
        var position: StartPosition

        var testDescription: String {
            "\(move.purpose) \(phase), current \(current), confirmed \(confirmed)"
        }
    }

    static let rows = [
        Row(phase: .flipping, move: upgrade, current: 1, confirmed: 1, position: .undo(upgrade)),
        Row(phase: .flipping, move: upgrade, current: 2, confirmed: 1, position: .redo(upgrade)),
        Row(phase: .placed, move: upgrade, current: 2, confirmed: 1, position: .redo(upgrade)),
        Row(phase: .settling, move: upgrade, current: 2, confirmed: 1, position: .settle(upgrade)),
        Row(phase: .rebooting, move: upgrade, current: 2, confirmed: 1, position: .settle(upgrade)),
        Row(phase: .rebooting, move: back, current: 1, confirmed: 1, position: .settle(back)),
        // Confirmed, and killed before the journal was forgotten.
        Row(phase: .settling, move: upgrade, current: 2, confirmed: 2, position: .whole),
        Row(phase: .flipping, move: back, current: 2, confirmed: 1, position: .redo(back)),
        Row(phase: .flipping, move: back, current: 1, confirmed: 1, position: .redo(back)),
        Row(phase: .placed, move: back, current: 1, confirmed: 1, position: .redo(back)),
        Row(phase: .flipping, move: heal, current: 2, confirmed: 2, position: .redo(heal)),
        Row(phase: .placed, move: heal, current: 2, confirmed: 2, position: .redo(heal)),
    ]

    @Test("The journal, the link and the ledger say where to go on", arguments: rows)
    func table(row: Row) {
        let position = StartPosition(
            journal: (row.phase, row.move), current: row.current, confirmed: row.confirmed)
        #expect(position == row.position)
    }

    @Test("A boot that the journal waits for and that has not come is still to come")
    func sameBoot() {
        for move in [Self.upgrade, Self.back] {
            let position = StartPosition(
                journal: (.rebooting, move), current: move.to, confirmed: 1, isRebooted: false)
            #expect(position == .reboot(move))
        }
        // Before the flip nothing waits for a boot.
        let early = StartPosition(
            journal: (.flipping, Self.upgrade), current: 1, confirmed: 1, isRebooted: false)
        #expect(early == .undo(Self.upgrade))
    }

    @Test("Only an upgrade that stands and is not confirmed is on trial")
    func trial() {
        #expect(StartPosition.redo(Self.upgrade).trial == Self.upgrade)
        #expect(StartPosition.settle(Self.upgrade).trial == Self.upgrade)
        #expect(StartPosition.reboot(Self.upgrade).trial == Self.upgrade)
        #expect(StartPosition.undo(Self.upgrade).trial == nil)
        #expect(StartPosition.redo(Self.back).trial == nil)
        #expect(StartPosition.redo(Self.heal).trial == nil)
        #expect(StartPosition.whole.trial == nil)
    }

    @Test("What has cost too many boots is left, and its failure is recorded first")
    func giveUp() {
        var driver = Driver(current: 2)
        let back = Move(.goBack, from: 2, to: 1, reason: "too many boots")
        #expect(
            driver.start(at: .giveUp(Self.upgrade, because: "too many boots")) == [
                .record(.failed(generation: 2, reason: "too many boots")),
                .journal(.flipping, back), .restage(back),
            ])
    }

    @Test("Without a journal the device is whole, whatever is confirmed")
    func noJournal() {
        #expect(StartPosition(journal: nil, current: 2, confirmed: 1) == .whole)
    }

    @Test("A whole device only forgets its journal")
    func whole() {
        var driver = Driver()
        #expect(driver.start(at: .whole) == [.forgetJournal])
        #expect(driver.machine.state == .idle)
    }

    @Test("Before the commit point only the units are put back, and the stage thrown away")
    func undo() {
        var driver = Driver(current: 1)
        #expect(driver.start(at: .undo(Self.upgrade)) == [.changeUnits(Self.upgrade, .undo)])
        #expect(driver.say(.unitsChanged) == [.discard(generation: 2), .forgetJournal])
    }

    @Test("After the commit point the flip and the units are done again, then the gate judges")
    func redo() {
        let move = Self.upgrade
        var driver = Driver(current: 2)
        #expect(driver.start(at: .redo(move)) == [.restage(move)])
        #expect(
            driver.say(.restaged(gate: Driver.gate("up"))) == [
                .journal(.flipping, move), .flip(move),
            ])
        #expect(driver.say(.flipped).last == .changeUnits(move, .afterFlip))
        #expect(driver.say(.unitsChanged).last == .runHooks(move, .after))
        #expect(driver.say(.hooksRan([])).last == .probe(generation: 2))
    }

    @Test(
        "In the middle of the gate files are checked, units resumed, and the gate is whole",
        arguments: [AgentInput.unitsChanged, .unitsFailed("slow")])
    func settle(units: AgentInput) {
        let move = Self.upgrade
        var driver = Driver(current: 2)
        #expect(driver.start(at: .settle(move)) == [.restage(move)])
        #expect(driver.say(.restaged(gate: Driver.gate("up"))) == [.flip(move)])
        #expect(driver.say(.flipped) == [.changeUnits(move, .resume)])
        #expect(driver.machine.phase == "settling")
        // What can't be started is the gate's to judge.
        #expect(
            driver.say(units).filter { $0 != .record(.trouble("slow")) } == [
                .journal(.settling, move), .record(.step(move, .settling)), .probe(generation: 2),
            ])
        #expect(driver.say(.probed(Driver.good("up"))).isEmpty)
        #expect(driver.wait(.seconds(9)) == [.probe(generation: 2)])
        #expect(driver.say(.probed(Driver.good("up"))).isEmpty)
    }

    @Test(
        "A redo whose contents can't be made is tried again three times soon, and then goes back",
        arguments: [true, false])
    func redoFails(isSettling: Bool) {
        var driver = Driver(current: 2)
        _ = driver.start(at: isSettling ? .settle(Self.upgrade) : .redo(Self.upgrade))
        for _ in 0..<3 {
            #expect(driver.say(.restageFailed("sick")) == [.record(.trouble("sick"))])
            #expect(driver.machine.phase == "applying")
            #expect(driver.waitForWake() == [.restage(Self.upgrade)])
        }
        #expect(
            driver.say(.restageFailed("sick")) == [
                .record(.failed(generation: 2, reason: "sick")), .journal(.flipping, Self.back),
                .restage(Self.back),
            ])
    }

    @Test("A redo never throws away the generation on which the device stands")
    func redoNeverDiscardsCurrent() {
        var driver = Driver(current: 2)
        _ = driver.start(at: .redo(Self.upgrade))
        // Nobody can say whether the link moved; the machine knows that it had.
        for _ in 0..<3 {
            _ = driver.say(.restaged(gate: HealthGate()))
            #expect(
                driver.say(.flipFailed("sick", passedCommitPoint: false))
                    == [.record(.trouble("sick"))])
            #expect(driver.waitForWake() == [.restage(Self.upgrade)])
        }
        _ = driver.say(.restaged(gate: HealthGate()))
        #expect(
            driver.say(.flipFailed("sick", passedCommitPoint: false)) == [
                .record(.failed(generation: 2, reason: "sick")), .journal(.flipping, Self.back),
                .restage(Self.back),
            ])
    }

    @Test("A way back that was killed before its commit point begins again")
    func redoBack() {
        var driver = Driver(current: 2)
        #expect(driver.start(at: .redo(Self.back)) == [.restage(Self.back)])
        #expect(
            driver.say(.restaged(gate: HealthGate())) == [
                .journal(.flipping, Self.back), .runHooks(Self.back, .before),
            ])
    }
}
