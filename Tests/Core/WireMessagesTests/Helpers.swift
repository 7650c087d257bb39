import Documents
import FleetModel
import JSONDocument
import ReleaseTrust
import Signatures
import Testing
import WireMessages

/// As every user of WireMessages parses.
@Sendable func parse(_ bytes: [UInt8]) throws(InvalidDocument) -> Node {
    try JSON.parse(
        bytes, file: "message", limit: Limits.mqttPayloadBytes, depth: Limits.mqttDepth)
}

let verifier = MessageVerifier(checking: LibcryptoSignatures(), parse: parse)

func node(_ value: JSONValue) throws -> Node { try parse(Array(value.canonical.utf8)) }

func signed(
    _ content: some SignedPayload, by key: SigningKey, namespace: String? = nil
) -> SignedMessage {
    SignedMessage(content) { bytes, own in key.sign(bytes, namespace: namespace ?? own) }
}

/// One line of allowed signers.
func signers(_ lines: (String, SigningKey)...) throws -> AllowedSigners {
    try AllowedSigners(
        text: lines.map { "\($0.0) \($0.1.publicKey.text)\n" }.joined(), file: "allowed_signers")
}

func channel(_ text: String = "harbour/main") throws -> ChannelName {
    try #require(ChannelName(text))
}

func refusal<Value>(_ body: () throws -> Value) -> MessageRefusal.Code? {
    do {
        _ = try body()
        return nil
    } catch let refusal as MessageRefusal {
        return refusal.code
    } catch {
        Issue.record("\(error)")
        return nil
    }
}
