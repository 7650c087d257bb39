internal import Digests

/// The kinds of keys that OpenSSH signs with, by their names on the wire.
package enum SSHKeyKind: String, Hashable, Sendable, CaseIterable {
    case ed25519 = "ssh-ed25519"
    case ecdsaP256 = "ecdsa-sha2-nistp256"
    case ecdsaP384 = "ecdsa-sha2-nistp384"
    case ecdsaP521 = "ecdsa-sha2-nistp521"
    case rsa = "ssh-rsa"
    case securityKeyEd25519 = "sk-ssh-ed25519@openssh.com"
    case securityKeyECDSA = "sk-ecdsa-sha2-nistp256@openssh.com"

    /// The kinds whose signatures this version verifies.
    package static let supported: [SSHKeyKind] = [.ed25519]
}

/// What a signature is checked with, as plain numbers; nil in a key means that this version does
/// not verify the key's kind.
package enum KeyMaterial: Hashable, Sendable {
    /// The 32 bytes of RFC 8032.
    case ed25519([UInt8])
}

/// A public key as OpenSSH writes it.
package struct SSHPublicKey: Hashable, Sendable {
    package let kind: SSHKeyKind
    /// The whole key on the wire. Two keys are one key exactly when these bytes are equal.
    package let blob: [UInt8]
    package let material: KeyMaterial?

    package init(blob: [UInt8]) throws(MalformedInput) {
        var reader = SSHWireReader(blob)
        let name = try reader.text()
        guard let kind = SSHKeyKind(rawValue: name) else {
            throw MalformedInput(
                "is of the kind `\(name.prefix(64))`, which Flotilla does not know")
        }
        self.kind = kind
        self.blob = blob
        switch kind {
        case .ed25519:
            let bytes = try reader.string()
            guard bytes.count == 32, reader.isAtEnd else {
                throw MalformedInput("is no ed25519 key: it must have 32 bytes and nothing more")
            }
            material = .ed25519(bytes)
        default:
            material = nil
        }
    }

    /// The key whose 32 bytes of RFC 8032 these are; nil for any other count.
    package init?(ed25519 bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        var writer = SSHWireWriter()
        writer.string(Array(SSHKeyKind.ed25519.rawValue.utf8))
        writer.string(bytes)
        kind = .ed25519
        blob = writer.bytes
        material = .ed25519(bytes)
    }

    package var isSupported: Bool { material != nil }

    /// As `ssh-keygen -l` prints it: `SHA256:` and the digest in Base64 without padding.
    package var fingerprint: String {
        let digest = Base64.encode(SHA256.hash(blob).bytes)
        return "SHA256:" + String(digest.prefix { $0 != "=" })
    }

    /// As a line of `authorized_keys` has it, without the comment.
    package var text: String { "\(kind.rawValue) \(Base64.encode(blob))" }
}
