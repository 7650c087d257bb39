import Digests
import Documents
import FleetModel
import FleetRegister
import JSONDocument
import RolloutEngine
import Testing
import WireMessages

/// What a test gives must be there.
func given<Value>(_ value: Value?) -> Value {
    guard let value else { fatalError("the test's own value is wrong") }
    return value
}

/// A register, and one device that speaks to it.
struct Desk {
    static let channel = given(ChannelName("harbour/main"))
    var register = DeviceRegister(channel: Desk.channel)
    var now = Instant(seconds: 1_800_000_000)

    static func id(_ number: Int) -> DeviceID { given(DeviceID("device-\(number)")) }
    static func revision(_ number: Int) -> Revision {
        given(Revision(SHA256.hash("revision \(number)".utf8).description.prefix(40)))
    }
    static func digest(_ number: Int) -> ContentDigest { SHA256.hash("content \(number)".utf8) }

    static func state(
        _ number: Int = 1, epoch: Int64 = 5, sequence: Int64 = 1, content: Int? = 0,
        release: Int = 0, confirmed: Bool = true
    ) -> ReportedState {
        var state = ReportedState(
            fleet: "harbour", channel: "main", device: id(number), epoch: epoch,
            sequence: sequence, at: Instant(seconds: 1_000), agent: "1.0.0")
        state.digest = content.map { digest($0) }
        state.generation = content == nil ? 0 : 3
        state.revision = revision(release)
        state.confirmed = confirmed
        return state
    }

    static func event(_ sequence: Int64, _ kind: String, release: Int? = 1, content: Int? = 1)
        -> DeviceEvent
    {
        DeviceEvent(
            sequence: sequence, kind: kind, revision: release.map { revision($0) },
            digest: content.map { digest($0) }, detail: "", at: Instant(seconds: 1_000))
    }

    static func batch(of number: Int = 1, epoch: Int64 = 5, _ events: DeviceEvent...) -> EventBatch
    {
        EventBatch(
            fleet: "harbour", channel: "main", device: id(number), epoch: epoch, events: events)
    }

    @discardableResult mutating func presence(
        _ online: Bool, epoch: Int64, of number: Int = 1
    ) -> Hearing {
        now = now + .seconds(1)
        return register.hear(
            Presence(online: online, epoch: epoch), from: Desk.id(number), at: now)
    }

    @discardableResult mutating func hear(_ state: ReportedState, as number: Int = 1) -> Hearing {
        now = now + .seconds(1)
        return register.hear(state, from: Desk.id(number), at: now)
    }

    @discardableResult mutating func hear(_ batch: EventBatch, as number: Int = 1) -> Hearing {
        now = now + .seconds(1)
        return register.hear(batch, from: Desk.id(number), at: now)
    }

    func row(_ number: Int = 1) -> DeviceRow { given(register[Desk.id(number)]) }
    func device(_ number: Int = 1, under release: Int = 1) -> FleetDevice {
        given(register.fleet(under: Desk.revision(release)).first { $0.id == Desk.id(number) })
    }
}

@Suite struct StateTests {
    @Test("the newest state counts, in whatever order they come")
    func newest() {
        var desk = Desk()
        #expect(desk.hear(Desk.state(sequence: 2, content: 2)) == .news)
        #expect(desk.hear(Desk.state(sequence: 2, content: 2)) == .known)
        #expect(desk.hear(Desk.state(sequence: 1, content: 1)) == .known)
        #expect(desk.row().state?.digest == Desk.digest(2))
        #expect(desk.hear(Desk.state(epoch: 6, sequence: 1, content: 3)) == .news)
        #expect(desk.row().state?.digest == Desk.digest(3))
    }

    @Test("a state that its own next session overtook still counts where it is the newest")
    func overtaken() {
        var desk = Desk()
        desk.presence(true, epoch: 6)
        #expect(desk.hear(Desk.state(epoch: 5, content: 2)) == .news)
        #expect(desk.row().state?.digest == Desk.digest(2))
    }

    @Test("what names another device or another fleet is not for us")
    func foreign() {
        var desk = Desk()
        #expect(desk.hear(Desk.state(2), as: 1) == .notForUs)
        var state = Desk.state()
        state.fleet = "other"
        #expect(desk.hear(state) == .notForUs)
        #expect(desk.hear(Desk.batch(of: 2, Desk.event(1, "confirmed")), as: 1) == .notForUs)
        #expect(desk.register.count == 0)
    }

    @Test("a device whose labels, facts or agent change is to be resolved anew")
    func resolveAgain() {
        var desk = Desk()
        desk.hear(Desk.state(sequence: 1))
        #expect(desk.register.takeChanges().toResolve == [Desk.id(1)])
        desk.hear(Desk.state(sequence: 2, content: 4))
        #expect(desk.register.takeChanges().toResolve.isEmpty)
        var state = Desk.state(sequence: 3)
        state.labels.add("role", Label("kiosk", from: .local))
        desk.hear(state)
        #expect(desk.register.takeChanges().toResolve == [Desk.id(1)])
    }

    @Test("a device of another channel is not concerned")
    func otherChannel() {
        var desk = Desk()
        var state = Desk.state()
        state.channel = "canary"
        desk.hear(state)
        desk.register.expect([(Desk.id(1), .digest(Desk.digest(1)))], under: Desk.revision(1))
        #expect(desk.device().expectation == .notApplicable)
    }
}

@Suite struct EventTests {
    @Test("each event is new once, and is acknowledged each time")
    func idempotent() {
        var desk = Desk()
        let batch = Desk.batch(Desk.event(1, "drift"), Desk.event(2, "confirmed"))
        #expect(desk.hear(batch) == .news)
        var changes = desk.register.takeChanges()
        #expect(changes.events.map(\.event.sequence) == [1, 2])
        #expect(changes.events.map(\.epoch) == [5, 5])
        #expect(changes.acknowledgements.map(\.upto) == [2])
        #expect(desk.hear(batch) == .known)
        changes = desk.register.takeChanges()
        #expect(changes.events.isEmpty && changes.rows.isEmpty)
        #expect(changes.acknowledgements.map(\.upto) == [2])
        desk.hear(Desk.batch(Desk.event(2, "confirmed"), Desk.event(3, "healed")))
        #expect(desk.register.takeChanges().events.map(\.event.sequence) == [3])
    }

    @Test("an outbox that began to count in a later epoch is heard from its beginning")
    func laterOutbox() {
        var desk = Desk()
        desk.hear(Desk.batch(epoch: 5, Desk.event(9, "confirmed")))
        desk.hear(Desk.batch(epoch: 70, Desk.event(1, "healed")))
        var changes = desk.register.takeChanges()
        #expect(changes.events.map(\.epoch) == [5, 70])
        #expect(changes.acknowledgements.map(\.epoch) == [70])
        #expect(changes.acknowledgements.map(\.upto) == [1])
        #expect(desk.hear(Desk.batch(epoch: 5, Desk.event(10, "failed"))) == .lowEpoch)
        changes = desk.register.takeChanges()
        #expect(changes.events.isEmpty)
        #expect(changes.acknowledgements.map(\.knownEpoch) == [70])
    }

    @Test("a device that failed and went back is told from one that is still on its way back")
    func rolledBack() {
        var desk = Desk()
        desk.hear(Desk.batch(Desk.event(1, "failed", release: 7)))
        #expect(desk.row().outcome(of: Desk.revision(7))?.kind == .failed)
        desk.hear(Desk.batch(Desk.event(2, "rolledBack", release: 6, content: 6)))
        #expect(desk.row().outcome(of: Desk.revision(7))?.kind == .rolledBack)
        #expect(desk.row().outcome(of: Desk.revision(7))?.received == desk.now)
        #expect(desk.row().outcome(of: Desk.revision(6)) == nil)
        desk.hear(Desk.batch(Desk.event(3, "knownBad", release: 7)))
        #expect(desk.row().outcome(of: Desk.revision(7))?.kind == .rolledBack)
        desk.hear(Desk.batch(Desk.event(4, "confirmed", release: 7)))
        #expect(desk.row().outcome(of: Desk.revision(7))?.kind == .confirmed)
    }

    @Test(
        "what failed here under another release is as good as rejected, and so is what can't be applied"
    )
    func rejected() {
        var desk = Desk()
        desk.hear(Desk.batch(Desk.event(1, "knownBad", release: 7)))
        #expect(desk.row().outcome(of: Desk.revision(7))?.kind == .rejected)
        var event = Desk.event(2, "rejected", release: 8)
        event.detail = "needsAgent: the bundle needs >=2"
        desk.hear(Desk.batch(event))
        #expect(desk.row().outcome(of: Desk.revision(8))?.kind == .needsAgent)
        event.sequence = 3
        event.detail = "preflight: no"
        event.revision = Desk.revision(9)
        desk.hear(Desk.batch(event))
        #expect(desk.row().outcome(of: Desk.revision(9))?.kind == .rejected)
    }

    @Test("outcomes of the last few releases are kept, and no more")
    func bounded() {
        var desk = Desk()
        for number in 1...30 {
            desk.hear(Desk.batch(Desk.event(Int64(number), "confirmed", release: number)))
        }
        #expect(desk.row().ended.count == 4)
        #expect(desk.row().outcome(of: Desk.revision(30)) != nil)
    }

    @Test("events that a device had to give up are kept as their counts")
    func compacted() {
        var desk = Desk()
        var batch = Desk.batch(Desk.event(90, "confirmed"))
        batch.compacted = ["drift": 70, "healed": 19]
        batch.compactedUpto = 89
        desk.hear(batch)
        #expect(desk.row().compacted == ["drift": 70, "healed": 19])
        #expect(desk.register.takeChanges().acknowledgements.map(\.upto) == [90])
    }
}

@Suite struct PictureTests {
    @Test("a device is affected once it was seen, settled, without what a release wants")
    func affected() {
        var desk = Desk()
        desk.hear(Desk.state(content: 0))
        desk.register.expect([(Desk.id(1), .digest(Desk.digest(1)))], under: Desk.revision(1))
        #expect(desk.device().wasAffected)
        desk.hear(Desk.state(sequence: 2, content: 1, release: 1))
        #expect(desk.device().wasAffected)
        desk.register.expect([(Desk.id(1), .digest(Desk.digest(1)))], under: Desk.revision(2))
        #expect(!desk.device(under: 2).wasAffected)
        #expect(desk.device(under: 2).hasConfirmed(Desk.digest(1)))
    }

    @Test("what is on trial decides nothing, and a device without a generation is affected")
    func settled() {
        var desk = Desk()
        desk.hear(Desk.state(content: 1, confirmed: false))
        desk.register.expect([(Desk.id(1), .digest(Desk.digest(1)))], under: Desk.revision(1))
        #expect(!desk.device().wasAffected)
        #expect(!desk.device().hasConfirmed(Desk.digest(1)))
        desk.hear(Desk.state(sequence: 2, content: 0))
        #expect(desk.device().wasAffected)

        desk.hear(Desk.state(2, content: nil, confirmed: false), as: 2)
        desk.register.expect([(Desk.id(2), .digest(Desk.digest(1)))], under: Desk.revision(1))
        #expect(desk.device(2).wasAffected)
    }

    @Test("expectations are set from outside, and change rows only where they differ")
    func expectations() {
        var desk = Desk()
        desk.hear(Desk.state())
        _ = desk.register.takeChanges()
        let expected = [(Desk.id(1), Expectation.needsAgent), (Desk.id(7), .rejected)]
        desk.register.expect(expected, under: Desk.revision(1))
        #expect(desk.register.takeChanges().rows.map(\.id) == [Desk.id(1)])
        desk.register.expect(expected, under: Desk.revision(1))
        #expect(desk.register.takeChanges().isEmpty)
        #expect(desk.device().expectation == .needsAgent)
        for number in 2...9 {
            desk.register.expect([(Desk.id(1), .rejected)], under: Desk.revision(number))
        }
        #expect(desk.row().expected.count == 4)
    }

    @Test("rows come back from a store exactly as they were")
    func json() throws {
        var desk = Desk()
        desk.presence(true, epoch: 5)
        var state = Desk.state(content: 3)
        state.labels.add("role", Label("kiosk", from: .local))
        state.facts = ["arch": "arm64"]
        state.drift.count = 2
        state.drift.paths = ["/etc/a"]
        desk.hear(state)
        desk.register.expect([(Desk.id(1), .digest(Desk.digest(1)))], under: Desk.revision(1))
        desk.register.expect([(Desk.id(1), .needsAgent)], under: Desk.revision(2))
        desk.hear(Desk.batch(Desk.event(1, "confirmed"), Desk.event(2, "rejected", content: nil)))
        desk.presence(false, epoch: 4, of: 2)
        for row in desk.register.takeChanges().rows {
            let node = try JSON.parse(Array(row.json.canonical.utf8), file: "row")
            #expect(try DeviceRow(reading: node, file: "row") == row)
        }
        let register = DeviceRegister(channel: Desk.channel, rows: desk.register.rows)
        #expect(
            register.fleet(under: Desk.revision(1)) == desk.register.fleet(under: Desk.revision(1)))
        #expect(throws: InvalidDocument.self) {
            try DeviceRow(reading: JSON.parse(Array("{\"format\":1}".utf8), file: "r"), file: "r")
        }
    }

    @Test("a hundred thousand devices are heard in one go", .timeLimit(.minutes(2)))
    func large() {
        var desk = Desk()
        let count = 100_000
        for number in 0..<count {
            let id = Desk.id(number)
            var state = ReportedState(
                fleet: "harbour", channel: "main", device: id, epoch: 1, sequence: 1,
                at: desk.now, agent: "1.0.0")
            state.generation = 1
            state.confirmed = true
            desk.register.hear(Presence(online: true, epoch: 1), from: id, at: desk.now)
            desk.register.hear(state, from: id, at: desk.now)
        }
        let ids = (0..<count).map { (Desk.id($0), Expectation.digest(Desk.digest(1))) }
        desk.register.expect(ids, under: Desk.revision(1))
        #expect(desk.register.takeChanges().rows.count == count)
        #expect(desk.register.fleet(under: Desk.revision(1)).count { $0.wasAffected } == count)
    }
}

@Suite struct DriftTests {
    private func drift(_ desk: Desk, complete: Bool = true) -> [DeviceDrift] {
        let release = RolloutRelease(
            revision: Desk.revision(1), tree: Desk.revision(2), manifest: RolloutManifest(),
            salt: String(repeating: "0", count: 32))
        var rollout = Rollout(release, began: desk.now)
        if complete { rollout.standing = .complete }
        let fleet = desk.register.fleet(under: Desk.revision(1))
        let places = fleet.map { device in
            RolloutReport.Place(
                standing: DeviceStanding(of: device, letIn: nil, to: rollout, at: desk.now),
                wave: nil)
        }
        return desk.register.drift(in: rollout, places: places)
    }

    @Test("files that differ are told as the device reports them")
    func files() {
        var desk = Desk()
        var state = Desk.state(content: 1)
        state.drift.count = 3
        state.drift.paths = ["/etc/a", "/etc/b"]
        state.drift.since = Instant(seconds: 900)
        desk.hear(state)
        let found = drift(desk)
        #expect(found.map(\.kind) == [.files])
        #expect(found.first?.count == 3 && found.first?.paths == ["/etc/a", "/etc/b"])
        #expect(found.first?.since == Instant(seconds: 900))
    }

    @Test("another content than the expected one is drift when no rollout is about to change it")
    func digests() {
        var desk = Desk()
        desk.hear(Desk.state(1, content: 1), as: 1)
        desk.hear(Desk.state(2, content: 0), as: 2)
        desk.hear(Desk.state(3, content: 0, confirmed: false), as: 3)
        for number in 1...3 {
            desk.register.expect(
                [(Desk.id(number), .digest(Desk.digest(1)))], under: Desk.revision(1))
        }
        let found = drift(desk)
        #expect(found.map(\.id) == [Desk.id(2)])
        #expect(found.first?.kind == .digest)
        #expect(found.first?.expected == Desk.digest(1) && found.first?.digest == Desk.digest(0))
        #expect(drift(desk, complete: false).isEmpty)
        desk.presence(true, epoch: 5, of: 2)
        #expect(drift(desk).isEmpty)
    }
}
