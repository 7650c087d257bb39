package import Digests
package import Documents
package import ReleaseTrust

/// The newest order that was believed of each key, so that none that is older counts again. Kept
/// durably by whoever obeys orders.
package struct OrderFloors: Equatable, Sendable {
    package struct Floor: Equatable, Sendable {
        package var sequence: Int64
        /// Of the payload: one sequence is one order.
        package var payload: ContentDigest

        package init(sequence: Int64, payload: ContentDigest) {
            self.sequence = sequence
            self.payload = payload
        }
    }

    /// By the key's fingerprint.
    package private(set) var byKey: [String: Floor] = [:]

    package init() {}

    package subscript(key: SSHPublicKey) -> Floor? { byKey[key.fingerprint] }

    /// To be kept before the order is obeyed.
    package mutating func raise(by believed: BelievedOrder) {
        byKey[believed.signer.key.fingerprint] = Floor(
            sequence: believed.order.sequence, payload: believed.payload)
    }

    /// Forgets the keys that may sign orders no more: a key that comes back begins anew.
    package mutating func keep(only signers: AllowedSigners) {
        let known = Set(
            signers.signers.filter { $0.admits(namespace: SignatureNamespace.order) }
                .map(\.key.fingerprint))
        byKey = byKey.filter { known.contains($0.key) }
    }

    package var json: JSONValue {
        .object(
            byKey.mapValues { floor in
                ["sequence": .integer(floor.sequence), "payload": .digest(floor.payload)]
            })
    }

    /// Reads what `json` wrote.
    package init(reading node: Node) throws(InvalidDocument) {
        guard case .mapping(let entries) = node.content else {
            throw InvalidDocument(
                Diagnostic(
                    file: "the floors of orders", message: "they are \(node.kind), not an object",
                    fix: "Remove the record; the next order sets them anew."))
        }
        for entry in entries {
            var reader = WireReader(entry.value, what: "a floor of orders")
            let sequence = reader.integer("sequence")
            let payload = reader.optionalDigest("payload")
            if payload == nil { reader.report("`payload` is missing") }
            try reader.finish()
            guard let payload else { fatalError("a missing digest is a fault") }
            byKey[entry.key] = Floor(sequence: sequence, payload: payload)
        }
    }
}
