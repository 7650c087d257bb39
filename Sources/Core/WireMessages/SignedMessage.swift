package import Documents
internal import FleetModel
internal import ReleaseTrust

/// What each kind of message is signed for, so that no signature counts for another kind.
package enum SignatureNamespace {
    package static let order = "flotilla-order"
    package static let command = "flotilla-command"
    package static let report = "flotilla-report"
    package static let acknowledgement = "flotilla-ack"
}

/// The one envelope of all that is signed on the bus. The payload travels as text, byte for byte as
/// it was signed, so that `ssh-keygen -Y verify` checks it by hand.
package struct SignedMessage: Equatable, Sendable {
    /// Canonical JSON.
    package var payload: [UInt8]
    /// An armored SSHSIG.
    package var signature: [UInt8]
    /// With a device's messages: its certificate in DER, for which the fleet's authority vouches.
    package var certificate: [UInt8]?

    package init(payload: [UInt8], signature: [UInt8], certificate: [UInt8]? = nil) {
        self.payload = payload
        self.signature = signature
        self.certificate = certificate
    }

    package var json: JSONValue {
        var members: [String: JSONValue] = [
            "version": 1, "payload": .string(String(decoding: payload, as: UTF8.self)),
            "signature": .string(String(decoding: signature, as: UTF8.self)),
        ]
        if let certificate { members["certificate"] = .string(Base64.encode(certificate)) }
        return .object(members)
    }

    /// As it travels.
    package var bytes: [UInt8] { Array(json.canonical.utf8) }

    package init(reading node: Node) throws(InvalidDocument) {
        var reader = WireReader(node, what: "a signed message")
        let payload = reader.text("payload", limit: Limits.signedPayloadBytes)
        let signature = reader.text("signature", limit: Limits.signatureBytes)
        let encoded = reader.optionalText("certificate", limit: 2 * Limits.certificateBytes)
        let certificate = encoded.flatMap { Base64.decode($0.utf8) }
        if encoded != nil, certificate == nil { reader.report("`certificate` is not Base64") }
        try reader.finish()
        self.init(
            payload: Array(payload.utf8), signature: Array(signature.utf8),
            certificate: certificate)
    }
}
