extension SSHSignature {
    /// Makes a signature over `message`, as `ssh-keygen -Y sign` does. `sign` gets the bytes that
    /// the private half of `key` must sign.
    package init<Fault: Error>(
        of message: [UInt8], namespace: String, by key: SSHPublicKey,
        hash: SSHHashAlgorithm = .sha512, checking: some SignatureChecking,
        signedBy sign: (_ bytes: [UInt8]) throws(Fault) -> [UInt8]
    ) throws(Fault) {
        let unsigned = Self(key: key, namespace: namespace, hash: hash, signature: [])
        let digest = checking.digest(hash, of: message)
        self.init(
            key: key, namespace: namespace, hash: hash,
            signature: try sign(unsigned.signedBytes(messageDigest: digest)))
    }

    private init(
        key: SSHPublicKey, namespace: String, hash: SSHHashAlgorithm, signature: [UInt8]
    ) {
        self.key = key
        self.namespace = namespace
        hashAlgorithm = hash
        signatureAlgorithm = key.kind.rawValue
        self.signature = signature
    }

    /// What the armor holds.
    package var blob: [UInt8] {
        var inner = SSHWireWriter()
        inner.string(Array(signatureAlgorithm.utf8))
        inner.string(signature)
        var writer = SSHWireWriter()
        writer.raw(Self.magic)
        writer.number(1)
        writer.string(key.blob)
        writer.string(Array(namespace.utf8))
        writer.string([])
        writer.string(Array(hashAlgorithm.rawValue.utf8))
        writer.string(inner.bytes)
        return writer.bytes
    }

    /// The text of a `.sig` file.
    package var armored: [UInt8] {
        let digits = Array(Base64.encode(blob).utf8)
        var text = Self.header
        for start in stride(from: 0, to: digits.count, by: Self.columns) {
            if start > 0 { text.append(0x0a) }
            text += digits[start..<min(start + Self.columns, digits.count)]
        }
        return text + Self.footer + [0x0a]
    }

    /// As OpenSSH breaks its lines.
    private static let columns = 70
}
