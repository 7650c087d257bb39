import Digests
import Documents
import FleetModel
import FleetRegister
import JSONDocument
import RolloutEngine
import Testing
import WireMessages

/// What is made of words that nobody signed.
@Suite struct PresenceTests {
    @Test("birth and death make a device online and offline, each at its moment")
    func birthAndDeath() {
        var desk = Desk()
        #expect(desk.presence(true, epoch: 5) == .news)
        #expect(desk.row().isOnline && desk.row().presenceSince == desk.now)
        #expect(desk.presence(true, epoch: 5) == .known)
        #expect(desk.presence(false, epoch: 5) == .news)
        #expect(!desk.row().isOnline && desk.row().presenceSince == desk.now)
        let changes = desk.register.takeChanges()
        #expect(changes.rows.map(\.id) == [Desk.id(1)])
        #expect(changes.acknowledgements.isEmpty)
        #expect(desk.register.takeChanges().isEmpty)
    }

    @Test("the death of an earlier session, told late, kills nobody")
    func lateDeath() {
        var desk = Desk()
        desk.presence(true, epoch: 5)
        desk.presence(true, epoch: 6)
        #expect(desk.presence(false, epoch: 5) == .lowEpoch)
        #expect(desk.row().isOnline)
        #expect(desk.register.takeChanges().acknowledgements.isEmpty)
    }

    @Test("who is away for a moment only has been there all the time")
    func shortAbsence() {
        var desk = Desk()
        desk.presence(true, epoch: 1)
        let began = desk.now
        #expect(desk.row().presentSince == began)
        desk.presence(false, epoch: 1)
        desk.now = desk.now + .seconds(200)
        desk.presence(true, epoch: 2)
        #expect(desk.row().presentSince == began && desk.row().presenceSince == desk.now)
        desk.presence(false, epoch: 2)
        desk.now = desk.now + .seconds(400)
        desk.presence(true, epoch: 3)
        #expect(desk.row().presentSince == desk.now)
    }

    @Test("a birth that comes again after the death of its session wakes nobody")
    func lateBirth() {
        var desk = Desk()
        desk.presence(true, epoch: 5)
        desk.presence(false, epoch: 5)
        #expect(desk.presence(true, epoch: 5) == .known)
        #expect(!desk.row().isOnline)
        desk.presence(true, epoch: 6)
        #expect(desk.row().isOnline)
    }

    @Test("who begins a session anew with the number of the last one is told to count on")
    func risen() {
        var desk = Desk()
        desk.presence(true, epoch: 5)
        desk.hear(Desk.state(epoch: 5))
        desk.presence(false, epoch: 5)
        _ = desk.register.takeChanges()
        desk.presence(true, epoch: 5)
        #expect(desk.register.takeChanges().acknowledgements.map(\.knownEpoch) == [6])
        desk.hear(Desk.state(epoch: 5, sequence: 9))
        #expect(desk.register.takeChanges().acknowledgements.map(\.knownEpoch) == [6])
        desk.presence(true, epoch: 65_542)
        #expect(desk.row().isOnline)
        #expect(desk.register.takeChanges().acknowledgements.isEmpty)
    }

    @Test("what nobody signed takes no device its numbers")
    func forgedEpoch() {
        var desk = Desk()
        desk.presence(true, epoch: 5)
        desk.hear(Desk.state(epoch: 5))
        desk.presence(true, epoch: Limits.highestEpoch)
        desk.presence(false, epoch: Limits.highestEpoch)
        #expect(!desk.row().isOnline)
        _ = desk.register.takeChanges()
        // The device's own next session counts all the same.
        #expect(desk.presence(true, epoch: 6) == .news)
        #expect(desk.row().isOnline)
        desk.hear(Desk.batch(epoch: 5, Desk.event(1, "healed")))
        #expect(desk.register.takeChanges().acknowledgements.map(\.knownEpoch) == [5])
    }

    @Test("devices that never signed anything are noted up to a bound, and then no more")
    func strangers() {
        var desk = Desk()
        for number in 1...1_100 { desk.presence(true, epoch: 1, of: number) }
        #expect(desk.register.count == 1_000)
        #expect(desk.presence(true, epoch: 1, of: 1_200) == .tooMany)
        // Who signs is noted whatever others claimed, and makes no room for them.
        #expect(desk.hear(Desk.state(1_200, epoch: 1), as: 1_200) == .news)
        #expect(desk.presence(true, epoch: 1, of: 1_200) == .news)
        #expect(desk.presence(true, epoch: 1, of: 1_201) == .tooMany)
        desk.hear(Desk.state(epoch: 1))
        #expect(desk.presence(true, epoch: 1, of: 1_201) == .news)
    }

    @Test("a device without memory is told which epoch is known, and counts once it is above it")
    func reflashed() {
        var desk = Desk()
        desk.presence(true, epoch: 70_000)
        desk.hear(Desk.state(epoch: 70_000))
        _ = desk.register.takeChanges()
        #expect(desk.presence(true, epoch: 1) == .lowEpoch)
        #expect(desk.register.takeChanges().acknowledgements.map(\.knownEpoch) == [70_000])
        #expect(desk.hear(Desk.state(epoch: 1, sequence: 9)) == .lowEpoch)
        #expect(desk.register.takeChanges().acknowledgements.map(\.knownEpoch) == [70_000])
        #expect(desk.presence(true, epoch: 70_001) == .news)
        #expect(desk.hear(Desk.state(epoch: 70_001, content: nil)) == .news)
        #expect(desk.row().state?.digest == nil)
    }
}
