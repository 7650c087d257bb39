import Documents
import FleetModel
import TestSupport
import Testing
import WireMessages

@Suite struct RoundTripTests {
    private func check<Message: SignedPayload>(_ message: Message) throws {
        let bytes = message.payload
        #expect(try Message(reading: parse(bytes)) == message)
        // Inside an envelope too, whatever its quotes and backslashes.
        let envelope = SignedMessage(
            payload: bytes, signature: Array("armor\n\"\\".utf8), certificate: [0, 1, 255])
        #expect(envelope.bytes.count <= Limits.mqttPayloadBytes)
        let again = try verifier.open(envelope.bytes)
        #expect(again == envelope)
        #expect(try verifier.unverified(again, as: Message.self) == message)
    }

    @Test("what is written is read again, for thousands of random messages of each kind")
    func random() throws {
        var messages = RandomMessages(seed: 31)
        for _ in 0..<700 {
            try check(messages.state())
            try check(messages.batch())
            try check(messages.acknowledgement())
            try check(messages.order())
            try check(messages.command())
            let presence = Presence(online: messages.flag(), epoch: messages.epoch())
            #expect(try Presence(reading: node(presence.json)) == presence)
            let status = AggregatorStatus(
                online: messages.flag(), since: messages.time(), speaks: [1, 2])
            #expect(try AggregatorStatus(reading: node(status.json)) == status)
        }
    }

    @Test("whatever a device has to say, what it writes is within the bounds of a reader")
    func bounds() throws {
        let device = try #require(DeviceID(String(repeating: "d", count: 63)))
        var state = ReportedState(
            fleet: "f", channel: "c", device: device, epoch: Limits.highestEpoch, sequence: .max,
            at: Instant(nanoseconds: .min), agent: String(repeating: "\"", count: 1_000))
        state.problem = String(repeating: "\u{1b}[2J\"\\😀\r", count: 1_000)
        state.generation = -1
        state.hold = .init(
            reason: String(repeating: "\\", count: 9_999), until: Instant(nanoseconds: .max))
        state.drift = .init(
            count: .max, paths: Array(repeating: String(repeating: "/\"", count: 2_000), count: 99),
            since: Instant(nanoseconds: -1))
        for number in 0..<200 {
            state.facts["fact-\(number)"] = String(repeating: "\"", count: 500)
            state.labels.add(
                String(repeating: "k", count: 60) + "\(number)",
                Label(String(repeating: "v", count: 500), from: .builtIn))
        }
        state.facts["no word"] = "dropped"
        let read = try ReportedState(reading: node(state.json))
        #expect(read.problem?.utf8.contains(0x1b) == false)
        #expect(read.facts.count == Limits.reportedFacts)
        #expect(read.labels.byKey.count == Limits.reportedLabels)
        #expect(read.drift.paths.count == Limits.reportedDriftPaths)
        #expect(read.at == Instant(nanoseconds: 0))
        let envelope = SignedMessage(
            payload: state.payload, signature: Array(repeating: 0x41, count: 400),
            certificate: Array(repeating: 0xff, count: 600))
        #expect(envelope.bytes.count <= Limits.mqttPayloadBytes)
        #expect(try verifier.open(envelope.bytes) == envelope)

        let event = DeviceEvent(
            sequence: 1, kind: "failed", detail: String(repeating: "x\u{0}", count: 9_999),
            at: Instant(nanoseconds: .max))
        let quotes = DeviceEvent(
            sequence: 1, kind: "failed", generation: 99_999,
            detail: String(repeating: "\"", count: 9_999), at: Instant(nanoseconds: .max))
        let events = (1...Limits.batchedEvents).map { number in
            var event = quotes
            event.sequence = .max - 100 + Int64(number)
            return event
        }
        let batch = EventBatch(
            fleet: "f", channel: "c", device: device, epoch: Limits.highestEpoch, events: events)
        let full = SignedMessage(
            payload: batch.payload, signature: Array(repeating: 0x41, count: 400),
            certificate: Array(repeating: 0xff, count: 600))
        #expect(full.bytes.count <= Limits.mqttPayloadBytes)
        #expect(try verifier.open(full.bytes) == full)
        #expect(
            try DeviceEvent(reading: node(event.json)).detail.utf8.count
                <= Limits.eventDetailBytes)
    }

    @Test("a text is cut between characters, and keeps lines but nothing that moves a cursor")
    func texts() {
        #expect(wireText("short", limit: 5) == "short")
        #expect(wireText("shorter", limit: 6) == "sho…")
        #expect(wireText("ééé", limit: 5) == "é…")
        #expect(wireText("abc", limit: 2) == "ab")
        #expect(wireText("a\u{1b}[31m\nb\tc\u{202e}", limit: 99) == "a\u{fffd}[31m\nb\tc\u{fffd}")
        for limit in 0...40 {
            let cut = wireText("😀é\u{0}😀 some text that is long, é", limit: limit)
            #expect(cut.utf8.count <= limit)
        }
    }

    @Test("fields of a newer version are passed over, also in parts of a message")
    func unknown() throws {
        var messages = RandomMessages(seed: 32)
        for _ in 0..<100 {
            let order = try messages.order()
            #expect(try Order(reading: node(grown(order.json))) == order)
            let state = messages.state()
            guard case .object(var members) = state.json else { return }
            // Labels and facts have free names, so a new member there is a new label.
            for key in members.keys where key != "labels" && key != "facts" {
                members[key] = members[key].map(grown)
            }
            members["new"] = ["nested": [1, nil, "x"]]
            #expect(try ReportedState(reading: node(.object(members))) == state)
        }
    }

    private func grown(_ value: JSONValue) -> JSONValue {
        switch value {
        case .object(var members):
            members = members.mapValues(grown)
            members["new"] = ["deep": [["a": 1]]]
            return .object(members)
        case .array(let values): return .array(values.map(grown))
        default: return value
        }
    }
}
