/// A detached signature as `ssh-keygen -Y sign` and Git make it (OpenSSH's PROTOCOL.sshsig).
///
/// It is as lenient as OpenSSH where leniency cannot change what was signed (white space in the
/// armor, text after it, a reserved field), so that both come to one verdict about one file.
package struct SSHSignature: Equatable, Sendable {
    package let key: SSHPublicKey
    package let namespace: String
    package let hashAlgorithm: SSHHashAlgorithm
    /// The algorithm that the signature itself names: the key's kind, except for RSA.
    package let signatureAlgorithm: String
    package let signature: [UInt8]

    static let header = Array("-----BEGIN SSH SIGNATURE-----\n".utf8)
    static let footer = Array("\n-----END SSH SIGNATURE-----".utf8)
    static let magic = Array("SSHSIG".utf8)

    /// Reads the text that stands in a `.sig` file or in a commit's `gpgsig` header.
    package init(armored text: [UInt8]) throws(MalformedInput) {
        guard text.count <= Self.armoredBytesLimit else {
            throw MalformedInput("has more than \(Self.armoredBytesLimit) bytes")
        }
        guard text.starts(with: Self.header) else {
            throw MalformedInput("does not begin with `-----BEGIN SSH SIGNATURE-----`")
        }
        let body = text.dropFirst(Self.header.count)
        guard let end = firstOccurrence(of: Self.footer, in: body) else {
            throw MalformedInput("does not end with `-----END SSH SIGNATURE-----`")
        }
        let digits = body[..<end].filter { !isSpace($0) }
        guard let blob = Base64.decode(digits) else {
            throw MalformedInput("is not valid Base64 between its first and last line")
        }
        try self.init(blob: blob)
    }

    /// Reads what the armor holds.
    package init(blob: [UInt8]) throws(MalformedInput) {
        var reader = SSHWireReader(blob)
        guard reader.skip(Self.magic) else { throw MalformedInput("does not begin with `SSHSIG`") }
        let version = try reader.number()
        // The version is not part of what is signed, and OpenSSH takes every version up to its own.
        guard version <= 1 else {
            throw MalformedInput("is of version \(version), and only version 1 is known")
        }
        key = try SSHPublicKey(blob: reader.string())
        namespace = try reader.text()
        // Reserved: to be ignored, and always signed as empty.
        _ = try reader.string()
        let algorithm = try reader.text()
        guard let hashAlgorithm = SSHHashAlgorithm(rawValue: algorithm) else {
            throw MalformedInput("uses the hash `\(algorithm.prefix(64))`, not sha256 or sha512")
        }
        self.hashAlgorithm = hashAlgorithm
        let inner = try reader.string()
        guard reader.isAtEnd else { throw MalformedInput("has bytes after its end") }

        var innerReader = SSHWireReader(inner)
        signatureAlgorithm = try innerReader.text()
        signature = try innerReader.string()
        guard innerReader.isAtEnd else { throw MalformedInput("has bytes after its end") }
    }

    /// Whether the signature was made over `message`, for the namespace that it names, by the key
    /// that it names. Says nothing about whose key that is: `AllowedSigners` does.
    package func isValid(over message: [UInt8], checking: some SignatureChecking) -> Bool {
        guard let material = key.material, signatureAlgorithm == key.kind.rawValue else {
            return false
        }
        let signed = signedBytes(messageDigest: checking.digest(hashAlgorithm, of: message))
        return checking.isValid(signature, over: signed, by: material)
    }

    /// The bytes that the key signed.
    func signedBytes(messageDigest: [UInt8]) -> [UInt8] {
        var writer = SSHWireWriter()
        writer.raw(Self.magic)
        writer.string(Array(namespace.utf8))
        writer.string([])
        writer.string(Array(hashAlgorithm.rawValue.utf8))
        writer.string(messageDigest)
        return writer.bytes
    }

    /// The largest RSA key of OpenSSH with a certificate stays far below.
    package static let armoredBytesLimit = 64 << 10
}

private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }

private func firstOccurrence(of pattern: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
    guard let first = pattern.first else { return bytes.startIndex }
    return bytes.indices.first { bytes[$0] == first && bytes[$0...].starts(with: pattern) }
}
