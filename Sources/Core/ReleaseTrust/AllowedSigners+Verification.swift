package import FleetModel

/// Why a signature does not count.
package enum SignatureFault: Error, Equatable, Sendable {
    /// Made for something else, for instance for a file.
    case madeForOtherNamespace(String)
    case unknownKey
    /// The key is known and of a kind that this version does not verify.
    case unsupportedKey(AllowedSigner)
    /// The key's line does not admit the namespace.
    case namespaceNotAdmitted(AllowedSigner)
    /// What was signed is not what is here.
    case doesNotMatch(AllowedSigner)
    case notValidAtThatTime(AllowedSigner)
}

extension AllowedSigners {
    /// The one verifier for everything that is signed. Returns who signed `message` in `namespace`
    /// at `time`.
    package func verify(
        _ signature: SSHSignature, over message: [UInt8], namespace: String, at time: Instant,
        checking: some SignatureChecking
    ) throws(SignatureFault) -> AllowedSigner {
        guard signature.namespace == namespace else {
            throw .madeForOtherNamespace(signature.namespace)
        }
        guard let signer = signer(with: signature.key) else { throw .unknownKey }
        guard signer.key.isSupported else { throw .unsupportedKey(signer) }
        guard signer.admits(namespace: namespace) else { throw .namespaceNotAdmitted(signer) }
        guard signature.isValid(over: message, checking: checking) else {
            throw .doesNotMatch(signer)
        }
        guard signer.isValid(at: time) else { throw .notValidAtThatTime(signer) }
        return signer
    }
}
