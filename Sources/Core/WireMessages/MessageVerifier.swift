package import Documents
internal import FleetModel
package import ReleaseTrust

/// Opens messages: bounded first, then verified over the raw bytes, and only then parsed. It holds
/// what Core can't do itself, and whoever calls it supplies.
package struct MessageVerifier: Sendable {
    /// Turns bytes into a value of at most `Limits.mqttDepth` levels.
    package typealias Parsing = @Sendable (_ bytes: [UInt8]) throws(InvalidDocument) -> Node

    package let checking: any SignatureChecking & Sendable
    package let parse: Parsing

    package init(checking: some SignatureChecking & Sendable, parse: @escaping Parsing) {
        self.checking = checking
        self.parse = parse
    }

    /// Reads the envelope. Nothing in it is believed yet.
    package func open(_ bytes: [UInt8]) throws(MessageRefusal) -> SignedMessage {
        try read(bytes, what: "message") { node throws(InvalidDocument) in
            try SignedMessage(reading: node)
        }
    }

    /// Reads what a message says without asking who says it.
    package func unverified<Content: SignedPayload>(
        _ message: SignedMessage, as type: Content.Type = Content.self
    ) throws(MessageRefusal) -> Content {
        try read(message.payload, what: "payload") { node throws(InvalidDocument) in
            try Content(reading: node)
        }
    }

    /// Reads a message that must be signed by exactly this key.
    package func verified<Content: SignedPayload>(
        _ message: SignedMessage, as type: Content.Type = Content.self, by key: SSHPublicKey
    ) throws(MessageRefusal) -> Content {
        let signature = try signature(of: message)
        guard signature.namespace == Content.namespace else {
            throw MessageRefusal(
                .madeForOtherNamespace(signature.namespace), key: key,
                namespace: Content.namespace)
        }
        guard signature.key == key else {
            throw MessageRefusal(
                .unknownKey,
                "the message is signed by \(signature.key.fingerprint), and its sender's key is \(key.fingerprint)"
            )
        }
        guard signature.isValid(over: message.payload, checking: checking) else {
            throw MessageRefusal(.tampered, "the signature is not one over this message")
        }
        return try unverified(message)
    }

    /// Reads a message that one of `signers` must have signed, with a key that is valid now and was
    /// when it says that it was issued.
    func verified<Content: SignedPayload>(
        _ message: SignedMessage, as type: Content.Type = Content.self, signers: AllowedSigners,
        issued: (Content) -> Instant, at now: Instant
    ) throws(MessageRefusal) -> (content: Content, signer: AllowedSigner) {
        let signature = try signature(of: message)
        let signer: AllowedSigner
        do throws(SignatureFault) {
            signer = try signers.verify(
                signature, over: message.payload, namespace: Content.namespace, at: now,
                checking: checking)
        } catch {
            // Known time may be far behind the message's, and with it behind the key's first day:
            // the payload, which is genuine by now, says when.
            guard case .notValidAtThatTime(let genuine) = error else {
                throw MessageRefusal(error, key: signature.key, namespace: Content.namespace)
            }
            signer = genuine
        }
        let content: Content = try unverified(message)
        let time = issued(content)
        guard time <= now + Limits.messagesAhead else {
            throw MessageRefusal(
                .tooFarAhead,
                "the message says that it was issued at \(time), and it is \(now): look at both clocks"
            )
        }
        guard signer.isValid(at: max(time, now)) else {
            throw MessageRefusal(
                .notValidAtThatTime(signer), key: signature.key, namespace: Content.namespace)
        }
        return (content, signer)
    }

    private func signature(of message: SignedMessage) throws(MessageRefusal) -> SSHSignature {
        do throws(MalformedInput) {
            return try SSHSignature(armored: message.signature)
        } catch {
            throw MessageRefusal(.malformed, "the signature \(error.message)")
        }
    }

    private func read<Value>(
        _ bytes: [UInt8], what: String, _ reading: (Node) throws(InvalidDocument) -> Value
    ) throws(MessageRefusal) -> Value {
        guard bytes.count <= Limits.mqttPayloadBytes else {
            throw MessageRefusal(
                .malformed,
                "the \(what) has \(bytes.count) bytes, and at most \(Limits.mqttPayloadBytes) are read"
            )
        }
        do throws(InvalidDocument) {
            return try reading(try parse(bytes))
        } catch {
            let reasons = error.diagnostics.prefix(3).map { "\($0.file): \($0.message)" }
            throw MessageRefusal(
                .malformed, "the \(what) can't be used: \(reasons.joined(separator: "; "))")
        }
    }
}

extension SignedPayload {
    /// Refuses what is for another fleet or channel.
    func check(_ own: ChannelName) throws(MessageRefusal) {
        guard fleet == own.fleet, channel == own.channel else {
            throw MessageRefusal(
                .notForUs, "the message is for \(fleet)/\(channel), and this is \(own)")
        }
    }
}
