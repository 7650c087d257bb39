/// The hash algorithms that an SSH signature may name.
package enum SSHHashAlgorithm: String, Hashable, Sendable, CaseIterable {
    case sha256, sha512
}

/// The mathematics of signatures. Core decides what must be signed by whom; whoever calls it
/// supplies this, so that Core needs no library.
package protocol SignatureChecking {
    func digest(_ algorithm: SSHHashAlgorithm, of bytes: [UInt8]) -> [UInt8]
    /// Whether `signature` was made over `message` with the private half of `key`. Anything that is
    /// not exactly such a signature, a wrong length included, is false.
    func isValid(_ signature: [UInt8], over message: [UInt8], by key: KeyMaterial) -> Bool
}
