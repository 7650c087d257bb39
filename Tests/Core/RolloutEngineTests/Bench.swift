import Digests
import Documents
import FleetModel
import JSONDocument
import RolloutEngine
import WireMessages

/// A fleet and the engine beside it. Tests say what devices do; the engine's effects are kept.
struct Bench {
    static let start = Instant(seconds: 1_800_000_000)
    static let channel = given(ChannelName("harbour/main"))
    static let salt = String(repeating: "5a", count: 16)

    var machine: RolloutMachine
    var fleet: [FleetDevice]
    /// What the devices should have, by release; others than the current one are set aside.
    var expected: [Revision: [DeviceID: Expectation]] = [:]
    var outcomes: [Revision: [DeviceID: ReleaseOutcome]] = [:]
    var affected: [Revision: Set<DeviceID>] = [:]
    var now = Bench.start
    var orders: [Order] = []
    var decisions: [Decision] = []
    var refusals: [RolloutRefusal] = []

    /// `count` devices, online, confirmed with the content of release 0.
    init(_ count: Int = 10, pace: RolloutPace = RolloutPace(), listening: Bool = true) {
        machine = RolloutMachine(channel: Self.channel, pace: pace)
        fleet = (0..<count).map { number in
            FleetDevice(
                id: Bench.id(number), labels: Bench.labels(number), isOnline: true,
                presenceSince: Bench.start,
                report: FleetDevice.Report(
                    revision: Bench.revision(0), digest: Bench.digest(0), isConfirmed: true,
                    received: Bench.start))
        }
        guard listening else { return }
        step(.listening(true))
        pass(.seconds(10))
    }

    static func id(_ number: Int) -> DeviceID { given(DeviceID("device-\(number)")) }

    /// Device 0 is the canary; the others are gateways and kiosks by turns.
    static func labels(_ number: Int) -> Labels {
        var labels = Labels()
        labels.add("device.id", Label(id(number).text, from: .builtIn))
        labels.add("ring", Label(number == 0 ? "canary" : "wide", from: .local))
        labels.add("role", Label(number.isMultiple(of: 2) ? "gateway" : "kiosk", from: .local))
        return labels
    }

    static func revision(_ number: Int) -> Revision {
        given(Revision(SHA256.hash("revision \(number)".utf8).description.prefix(40)))
    }

    static func digest(_ number: Int) -> ContentDigest { SHA256.hash("content \(number)".utf8) }

    /// Release `number`; its content is that of `content`.
    static func release(
        _ number: Int, _ manifest: RolloutManifest? = RolloutManifest(), salt: String = Bench.salt
    ) -> RolloutRelease {
        RolloutRelease(
            revision: revision(number), tree: revision(1_000 + number), manifest: manifest,
            salt: salt)
    }

    static func wave(
        _ name: String, _ match: String = "", limit: RolloutAmount? = nil,
        soak: Duration = .zero, success: Int = 100
    ) -> RolloutManifest.Wave {
        RolloutManifest.Wave(
            name: name, match: given(try? Selector(match)), limit: limit, soak: soak,
            success: success)
    }

    // MARK: Time and inputs

    mutating func step(_ input: RolloutInput) {
        let effects = machine.step(input, at: now) { [self] in fleet(under: $0) }
        for effect in effects {
            switch effect {
            case .publish(let order): orders.append(order)
            case .log(let decision): decisions.append(decision)
            case .refused(let refusal): refusals.append(refusal)
            }
        }
    }

    /// Lets time go by, a minute at a time at most.
    mutating func pass(_ duration: Duration) {
        let end = now + duration
        while now < end {
            now = min(end, now + .seconds(60))
            step(.tick)
        }
    }

    mutating func release(
        _ number: Int, _ manifest: RolloutManifest? = RolloutManifest(), content: Int? = nil,
        unaffected: Set<Int> = []
    ) {
        let revision = Bench.revision(number)
        for (index, device) in fleet.enumerated() {
            let digest =
                unaffected.contains(index)
                ? device.report?.digest ?? Bench.digest(0) : Bench.digest(content ?? number)
            expect(.digest(digest), of: index, under: revision)
        }
        step(.released(Bench.release(number, manifest)))
    }

    mutating func expect(_ expectation: Expectation, of index: Int, under revision: Revision) {
        let id = fleet[index].id
        expected[revision, default: [:]][id] = expectation
        if case .digest(let digest) = expectation, !fleet[index].hasConfirmed(digest) {
            affected[revision, default: []].insert(id)
        }
    }

    mutating func command(
        _ kind: OperatorCommand.Kind, release: Revision? = nil, reason: String = ""
    ) {
        step(
            .command(
                OperatorCommand(
                    kind: kind, fleet: "harbour", channel: "main",
                    id: String(repeating: "0", count: 32), release: release, reason: reason,
                    issued: now, expires: now + .seconds(60)), operator: "anna"))
    }

    // MARK: What devices do

    /// Devices that the newest order lets in and that did not begin.
    var letIn: [Int] {
        guard let order = orders.last else { return [] }
        return fleet.indices.filter { order.opens(to: fleet[$0].id, labels: fleet[$0].labels) }
    }

    var current: Revision { given(machine.state.current).release.revision }

    mutating func succeed(_ devices: some Sequence<Int>) {
        now = now + .seconds(1)
        for index in devices {
            guard case .digest(let digest)? = expected[current]?[fleet[index].id] else { continue }
            fleet[index].report = FleetDevice.Report(
                revision: current, digest: digest, isConfirmed: true, received: now,
                order: orders.last?.sequence)
            outcomes[current, default: [:]][fleet[index].id] = ReleaseOutcome(
                kind: .confirmed, digest: digest, received: now, order: machine.state.lastSequence)
        }
        step(.tick)
    }

    /// A device tells its state; what was heard before it is older now.
    mutating func tell(_ index: Int, _ report: FleetDevice.Report) {
        fleet[index].report = report
        for release in outcomes.keys {
            outcomes[release]?[fleet[index].id]?.isOlderThanReport = true
        }
    }

    mutating func end(_ devices: some Sequence<Int>, as kind: ReleaseOutcome.Kind) {
        now = now + .seconds(1)
        for index in devices {
            outcomes[current, default: [:]][fleet[index].id] = ReleaseOutcome(
                kind: kind, digest: nil, received: now, order: machine.state.lastSequence)
        }
        step(.tick)
    }

    mutating func set(_ devices: some Sequence<Int>, online: Bool) {
        for index in devices {
            fleet[index].isOnline = online
            fleet[index].presenceSince = now
            if online { fleet[index].presentSince = now }
        }
        step(.tick)
    }

    /// The engine's process ends, and another one goes on from what was kept.
    mutating func restart() throws {
        let text = machine.state.json.canonical
        let node = try JSON.parse(Array(text.utf8), file: "state")
        let state = try RolloutState(reading: node, file: "state")
        precondition(state == machine.state)
        machine = RolloutMachine(resuming: state, pace: machine.pace)
    }

    // MARK: Looking

    func fleet(under revision: Revision) -> [FleetDevice] {
        fleet.map { device in
            var device = device
            device.expectation = expected[revision]?[device.id]
            device.wasAffected = affected[revision]?.contains(device.id) ?? false
            device.outcome = outcomes[revision]?[device.id]
            return device
        }
    }

    var report: RolloutReport { machine.report(on: fleet(under: current), at: now) }
    var counts: [String: Int] { report.counts.byWord }
    var standing: Order.Standing? { machine.state.current?.standing }
    var openWaves: Int { machine.state.current?.openWaves.count ?? 0 }
    func standing(of index: Int) -> DeviceStanding { report.places[index].standing }
}

/// What a test gives must be there.
func given<Value>(_ value: Value?) -> Value {
    guard let value else { fatalError("the test's own value is wrong") }
    return value
}

/// Canary of one, half, everything.
let threeWaves = RolloutManifest(waves: [
    Bench.wave("canary", "ring=canary", limit: .count(1)), Bench.wave("half", limit: .percent(50)),
])
