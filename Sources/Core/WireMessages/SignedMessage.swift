package import Documents
internal import FleetModel
internal import ReleaseTrust

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

    /// Signs `content` by `sign`, which makes an armored signature over bytes in a namespace.
    package init<Content: SignedPayload, Fault: Error>(
        _ content: Content, certificate: [UInt8]? = nil,
        signedBy sign: (_ bytes: [UInt8], _ namespace: String) throws(Fault) -> [UInt8]
    ) throws(Fault) {
        let payload = content.payload
        self.init(
            payload: payload, signature: try sign(payload, Content.namespace),
            certificate: certificate)
    }

    package var json: JSONValue {
        .members([
            "version": 1, "payload": .string(String(decoding: payload, as: UTF8.self)),
            "signature": .string(String(decoding: signature, as: UTF8.self)),
            "certificate": certificate.map { .string(Base64.encode($0)) },
        ])
    }

    /// As it travels.
    package var bytes: [UInt8] { Array(json.canonical.utf8) }

    package init(reading node: Node) throws(InvalidDocument) {
        var reader = WireReader(node, what: "a signed message")
        reader.version()
        let payload = reader.text("payload", limit: Limits.signedPayloadBytes)
        let signature = reader.text("signature", limit: Limits.signatureBytes)
        let encoded = reader.optionalText("certificate", limit: 2 * Limits.certificateBytes)
        let certificate = encoded.flatMap { Base64.decode($0.utf8) }
        if encoded != nil, certificate?.isEmpty != false {
            reader.report("`certificate` is not Base64")
        }
        if let certificate, certificate.count > Limits.certificateBytes {
            reader.report("`certificate` is longer than \(Limits.certificateBytes) bytes")
        }
        try reader.finish()
        self.init(
            payload: Array(payload.utf8), signature: Array(signature.utf8),
            certificate: certificate)
    }
}
