package import Documents
package import FleetModel

/// One line of `trust/allowed_signers`: a person and a key.
package struct AllowedSigner: Equatable, Sendable {
    package let principal: String
    package let key: SSHPublicKey
    /// Nil admits every namespace.
    package let namespaces: NamespacePatterns?
    package let validAfter: Instant?
    /// Inclusive, as in OpenSSH.
    package let validBefore: Instant?
    /// In its file, from 1.
    package let line: Int

    package func admits(namespace: String) -> Bool { namespaces?.admit(namespace) ?? true }

    package func isValid(at time: Instant) -> Bool {
        if let validAfter, time < validAfter { return false }
        if let validBefore, time > validBefore { return false }
        return true
    }
}

/// `trust/allowed_signers`: who may sign what, in OpenSSH's format. Stricter than OpenSSH where
/// leniency could hide something from a reviewer: one literal principal a line, every option known,
/// no key twice.
package struct AllowedSigners: Equatable, Sendable {
    package let signers: [AllowedSigner]
    /// The file as it was read.
    package let text: String

    /// Reports every faulty line, not only the first.
    package init(text: String, file: String) throws(InvalidDocument) {
        var parser = AllowedSignersParser(file: file)
        parser.read(text)
        guard parser.diagnostics.isEmpty else { throw InvalidDocument(parser.diagnostics) }
        signers = parser.signers
        self.text = text
    }

    package func signer(with key: SSHPublicKey) -> AllowedSigner? {
        signers.first { $0.key == key }
    }

    /// The people of whom each has at least one key that this version can verify and that may sign
    /// in `namespace` at `time`.
    package func people(namespace: String, at time: Instant) -> Set<String> {
        Set(
            signers.filter {
                $0.key.isSupported && $0.admits(namespace: namespace) && $0.isValid(at: time)
            }.map(\.principal))
    }

    package static let bytesLimit = 256 << 10
    package static let linesLimit = 4_096
}
