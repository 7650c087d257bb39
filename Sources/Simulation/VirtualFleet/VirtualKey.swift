internal import FleetModel
internal import ReleaseTrust

/// A key of the virtual world. Its signatures are sums and no cryptography: nobody here can
/// calculate, and what is tested is who asks for a signature, not what one is worth.
struct VirtualKey {
    private let bytes: [UInt8]
    let publicKey: SSHPublicKey

    init(_ number: UInt8) {
        bytes = Array(repeating: number, count: 32)
        guard let key = SSHPublicKey(ed25519: bytes) else { fatalError("32 bytes are a key") }
        publicKey = key
    }

    /// An armored signature.
    func sign(_ message: [UInt8], namespace: String) -> [UInt8] {
        SSHSignature(
            of: message, namespace: namespace, by: publicKey, checking: VirtualSignatures()
        ) { VirtualSignatures.sum(of: $0, after: bytes) }.armored
    }
}

struct VirtualSignatures: SignatureChecking, Sendable {
    func digest(_ algorithm: SSHHashAlgorithm, of bytes: [UInt8]) -> [UInt8] {
        Self.sum(of: bytes, after: [])
    }

    func isValid(_ signature: [UInt8], over message: [UInt8], by key: KeyMaterial) -> Bool {
        switch key {
        case .ed25519(let bytes): signature == Self.sum(of: message, after: bytes)
        }
    }

    static func sum(of bytes: [UInt8], after salt: [UInt8]) -> [UInt8] {
        var sum: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in salt { sum = (sum ^ UInt64(byte)) &* 0x100_0000_01b3 }
        for byte in bytes { sum = (sum ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return (0..<8).map { UInt8(truncatingIfNeeded: sum >> UInt64(8 * $0)) }
    }
}
