import Digests
import Documents
import FleetModel
import TestSupport
import Testing
import WireMessages

/// Messages with random values, hostile texts among them.
struct RandomMessages {
    var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    mutating func number(_ range: ClosedRange<Int>) -> Int { .random(in: range, using: &generator) }
    mutating func flag() -> Bool { .random(using: &generator) }
    mutating func maybe<Value>(_ make: (inout Self) -> Value) -> Value? {
        flag() ? make(&self) : nil
    }

    mutating func hexadecimal(_ digits: Int) -> String {
        String((0..<digits).compactMap { _ in "0123456789abcdef".randomElement(using: &generator) })
    }

    mutating func object() -> ObjectID {
        guard let id = ObjectID(hexadecimal(40)) else { fatalError("40 digits are an id") }
        return id
    }

    mutating func digest() -> ContentDigest { SHA256.hash(hexadecimal(8).utf8) }
    mutating func time() -> Instant { Instant(milliseconds: Int64(number(0...4_000_000_000_000))) }
    mutating func epoch() -> Int64 { min(counter(), Limits.highestEpoch) }

    mutating func counter() -> Int64 { .random(in: 1...Int64.max, using: &generator) }

    mutating func name() -> String {
        String(
            (0..<number(1...20)).compactMap { _ in "abcxyz019".randomElement(using: &generator) })
    }

    mutating func device() -> DeviceID {
        guard let id = DeviceID(name()) else { fatalError("a name is an id") }
        return id
    }

    /// What a message may carry unchanged.
    mutating func prose(_ limit: Int) -> String {
        let pieces = [
            "a", "word ", "\"", "\\", "\n", "\t", "ü", "😀", "\u{fffd}", "{}", "[", ":", "null",
            "\\u0000", "</script>", "é", "\u{301}",
        ]
        var text = ""
        for _ in 0..<number(0...40) {
            text += pieces[number(0...pieces.count - 1)]
        }
        return wireText(text, limit: limit)
    }

    mutating func state() -> ReportedState {
        var state = ReportedState(
            fleet: name(), channel: name(), device: device(), epoch: epoch(),
            sequence: counter(), at: time(), agent: "1.2.\(number(0...9))")
        state.phase = ["idle", "fetching", "settling"].randomElement(using: &generator) ?? "idle"
        state.generation = number(0...10_000)
        state.confirmed = flag()
        state.revision = maybe { $0.object() }
        state.digest = maybe { $0.digest() }
        state.trustHead = maybe { $0.object() }
        state.problem = maybe { $0.prose(1_024) }
        state.alarm = maybe { _ in "refused" }
        state.hold = maybe { .init(reason: $0.prose(512), until: $0.time()) }
        state.drift = .init(
            count: number(0...1_000), paths: (0..<number(0...20)).map { _ in "/etc/" + name() },
            since: maybe { $0.time() }, contested: number(0...3))
        var labels = Labels()
        for _ in 0..<number(0...8) {
            labels.add(
                name(),
                Label(name(), from: LabelSource.allCases.randomElement(using: &generator) ?? .local)
            )
        }
        state.labels = labels
        for _ in 0..<number(0...5) { state.facts[name()] = prose(128) }
        state.order = maybe { $0.counter() }
        state.isStale = flag()
        return state
    }

    mutating func event(_ sequence: Int64) -> DeviceEvent {
        DeviceEvent(
            sequence: sequence,
            kind: ["confirmed", "healed", "drift", "rolledBack"].randomElement(using: &generator)
                ?? "held",
            generation: maybe { $0.number(0...100) }, revision: maybe { $0.object() },
            digest: maybe { $0.digest() }, detail: prose(512), at: time())
    }

    mutating func batch() -> EventBatch {
        let start = Int64(number(1...1_000_000))
        let events = (0..<number(0...24)).map { event(start + Int64($0) * 2) }
        let compacted = flag() ? ["healed": number(0...99), "drift": number(0...99)] : [:]
        return EventBatch(
            fleet: name(), channel: name(), device: device(), epoch: epoch(), events: events,
            compacted: compacted, compactedUpto: compacted.isEmpty ? 0 : start - 1)
    }

    mutating func acknowledgement() -> Acknowledgement {
        Acknowledgement(
            fleet: name(), channel: name(), device: device(), epoch: epoch(), upto: counter(),
            knownEpoch: epoch(), issued: time())
    }

    mutating func order() throws -> Order {
        let selectors = ["", "role=gateway", "site in (berlin, potsdam), !legacy", "a!=b"]
        let openings = try (0..<number(0...6)).map { _ in
            Order.Opening(
                match: try Selector(selectors[number(0...3)]),
                below: .random(in: 0...UInt64.max, using: &generator), isWhole: flag())
        }
        return Order(
            fleet: name(), channel: name(), id: hexadecimal(32), sequence: counter(),
            release: object(), tree: object(), tip: object(), salt: hexadecimal(32),
            standing: Order.Standing.allCases.randomElement(using: &generator) ?? .rolling,
            openings: openings, issued: time(), startBefore: time(), expires: time(),
            spread: .milliseconds(number(0...3_600_000)), decision: maybe { $0.digest() })
    }

    mutating func command() -> OperatorCommand {
        OperatorCommand(
            kind: OperatorCommand.Kind.allCases.randomElement(using: &generator) ?? .pause,
            fleet: name(), channel: name(), id: hexadecimal(32), release: maybe { $0.object() },
            reason: prose(512), issued: time(), expires: time())
    }
}
