import Documents
import FleetModel
import Foundation
import JSONDocument
import ReleaseTrust
import Signatures
import TestSupport
import Testing
import WireMessages
import YAMLDocument

@Suite struct AsyncAPITests {
    private let document: Node

    init() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../../docs/asyncapi.yaml")
        document = try YAML.parse(Array(Data(contentsOf: file)), file: "docs/asyncapi.yaml")
    }

    private func faults(_ value: JSONValue, _ schema: String) throws -> [String] {
        var judge = MessageSchema(document)
        return judge.check(try node(value), at: "#/components/schemas/\(schema)")
    }

    @Test("every message that is written is what the file describes, and nothing more")
    func written() throws {
        var messages = RandomMessages(seed: 51)
        let key = SigningKey.generate()
        func check<Content: SignedPayload>(
            _ content: Content, _ schema: String, isOfDevice: Bool = false
        ) throws {
            #expect(try faults(content.json, schema) == [], "\(schema)")
            let certificate: [UInt8]? = isOfDevice ? [0x30, 0x82] : nil
            let message = SignedMessage(content, certificate: certificate) { bytes, namespace in
                key.sign(bytes, namespace: namespace)
            }
            #expect(try faults(message.json, "Signed\(schema)") == [])
        }
        for _ in 0..<200 {
            try check(messages.state(), "State", isOfDevice: true)
            try check(messages.batch(), "Events", isOfDevice: true)
            try check(messages.acknowledgement(), "Acknowledgement")
            try check(messages.order(), "Order")
            try check(messages.command(), "Command")
            let presence = Presence(online: messages.flag(), epoch: messages.epoch())
            #expect(try faults(presence.json, "Presence") == [])
            let status = AggregatorStatus(online: true, since: messages.time())
            #expect(try faults(status.json, "AggregatorStatus") == [])
        }
    }

    @Test("a member more, one less, or one of another type is a fault, wherever it stands")
    func strict() throws {
        var messages = RandomMessages(seed: 52)
        var state = messages.state()
        state.hold = .init(reason: "r", until: messages.time())
        let values: [(JSONValue, String)] = [
            (state.json, "State"), (messages.batch().json, "Events"),
            (messages.acknowledgement().json, "Acknowledgement"),
            (try messages.order().json, "Order"), (messages.command().json, "Command"),
        ]
        for (value, schema) in values {
            guard case .object(let members) = value else { return }
            let required = document.at("#/components/schemas/\(schema)/required")?.elements ?? []
            #expect(required.count > 8)
            for name in required.compactMap({ $0.scalar?.text }) {
                var changed = members
                changed[name] = nil
                #expect(try !faults(.object(changed), schema).isEmpty, "without \(name)")
                changed[name] = [["wrong": ["type"]]]
                #expect(try !faults(.object(changed), schema).isEmpty, "wrong \(name)")
            }
            var changed = members
            changed["undescribed"] = true
            #expect(try faults(.object(changed), schema) == ["/undescribed: not described"])
        }
        guard case .object(var members) = state.json else { return }
        members["hold"] = ["reason": "r", "until": 1, "more": 1]
        #expect(try faults(.object(members), "State") == ["/hold/more: not described"])
    }

    @Test("what the file requires the reader requires, and its bounds are the reader's")
    func readers() throws {
        let bounds: [(String, String, Int)] = [
            ("State/properties/problem", "maxLength", Limits.problemBytes),
            ("State/properties/labels", "maxProperties", Limits.reportedLabels),
            ("State/properties/facts", "maxProperties", Limits.reportedFacts),
            ("State/properties/drift/properties/paths", "maxItems", Limits.reportedDriftPaths),
            ("Events/properties/events", "maxItems", Limits.batchedEvents),
            ("Event/properties/detail", "maxLength", Limits.eventDetailBytes),
            ("Order/properties/openings", "maxItems", Limits.orderOpenings),
            ("Signature", "maxLength", Limits.signatureBytes),
            ("SignedOrder/properties/payload", "maxLength", Limits.signedPayloadBytes),
            ("Time", "maximum", Int(WireReader.latestMilliseconds)),
        ]
        for (place, key, value) in bounds {
            let written = document.at("#/components/schemas/\(place)")?.number(key)
            #expect(written == Int64(value), "\(place)")
        }
        let choices: [(String, [String])] = [
            ("Order/properties/standing", Order.Standing.allCases.map(\.rawValue)),
            ("Command/properties/command", OperatorCommand.Kind.allCases.map(\.rawValue)),
            (
                "State/properties/labels/additionalProperties/properties/source",
                LabelSource.allCases.map(\.rawValue)
            ),
        ]
        for (place, values) in choices {
            let written = document.at("#/components/schemas/\(place)/enum")?.elements
            #expect(written?.compactMap { $0.scalar?.text } == values, "\(place)")
        }
    }

    @Test("the examples are real: they fit, are read, and their signatures are good")
    func examples() throws {
        let messages = try #require(document.at("#/components/messages"))
        #expect(messages.keys.count == 7)
        for name in messages.keys {
            let reference = try #require(messages[name]?["payload"]?["$ref"]?.scalar?.text)
            let examples = try #require(messages[name]?["examples"]?.elements)
            #expect(!examples.isEmpty)
            for example in examples {
                let value = try #require(example["payload"])
                var judge = MessageSchema(document)
                #expect(judge.check(value, at: reference) == [], "\(name)")
                switch name {
                case "presence": _ = try Presence(reading: value)
                case "status": _ = try AggregatorStatus(reading: value)
                case "state": try check(value, ReportedState.self, "State")
                case "events": try check(value, EventBatch.self, "Events")
                case "ack": try check(value, Acknowledgement.self, "Acknowledgement")
                case "order": try check(value, Order.self, "Order")
                case "command": try check(value, OperatorCommand.self, "Command")
                default: Issue.record("nobody reads `\(name)`")
                }
            }
        }
    }

    private func check<Content: SignedPayload>(
        _ value: Node, _ type: Content.Type, _ schema: String
    ) throws {
        let message = try SignedMessage(reading: value)
        let signature = try SSHSignature(armored: message.signature)
        let content = try verifier.verified(message, as: type, by: signature.key)
        #expect(try faults(content.json, schema) == [])
        // What is there is canonical, so a writer gives the same bytes.
        #expect(content.payload == message.payload, "\(schema)")
        for property in document.at("#/components/schemas/\(schema)/properties")?.keys ?? [] {
            // A batch or a state that shows everything that one may say.
            #expect(try parse(message.payload)[property] != nil, "\(schema)/\(property)")
        }
    }

    @Test("the topics are those of the code, each with who may speak there")
    func topics() throws {
        let id = try #require(DeviceID("gateway-berlin-1"))
        let topics = FleetTopics(fleet: "harbour")
        let expected = [
            "presence": topics.presence(id), "state": topics.state(id),
            "events": topics.events(id), "ack": topics.ack(id), "commands": topics.commands(id),
            "order": topics.order(channel: "main"),
            "aggregatorStatus": topics.aggregatorStatus("1"),
        ]
        let channels = try #require(document["channels"])
        #expect(Set(channels.keys) == Set(expected.keys))
        let values = [
            "fleet": "harbour", "shard": FleetTopics.shard(of: id), "device": id.text,
            "channel": "main", "instance": "1",
        ]
        for name in channels.keys {
            var address = try #require(channels[name]?["address"]?.scalar?.text)
            for parameter in channels[name]?["parameters"]?.keys ?? [] {
                let value = try #require(values[parameter])
                address = address.replacingOccurrences(of: "{\(parameter)}", with: value)
            }
            #expect(address == expected[name])
            #expect(topics.place(of: address) != nil)
        }
        // Every reference leads somewhere.
        try checkReferences(document)
    }

    private func checkReferences(_ node: Node) throws {
        if let reference = node["$ref"]?.scalar?.text {
            #expect(document.at(reference) != nil, "\(reference)")
        }
        for child in node.elements ?? node.keys.compactMap({ node[$0] }) {
            try checkReferences(child)
        }
    }
}
