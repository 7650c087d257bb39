internal import Documents
internal import FleetModel
internal import JSONDocument
internal import Signatures
internal import WireMessages

extension MessageVerifier {
    /// By libcrypto and jansson.
    static let signed = MessageVerifier(checking: LibcryptoSignatures()) {
        bytes throws(InvalidDocument) in
        try JSON.parse(
            bytes, file: "a message", limit: Limits.mqttPayloadBytes, depth: Limits.mqttDepth)
    }
}
