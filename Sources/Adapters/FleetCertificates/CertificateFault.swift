/// Why a certificate can't be made or is not believed, for a machine (`code`) and for a person.
package struct CertificateFault: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Code: String, Equatable, Sendable, CaseIterable {
        /// Not a certificate, a key or a list of revoked ones, or not of a kind that we make.
        case malformed
        /// A name that no certificate of the fleet may bear.
        case badName
        /// Not issued by the fleet's authority.
        case untrusted
        case expired
        case notYetValid
        case revoked
        /// Good, and for somebody else's part.
        case wrongRole
    }

    package let code: Code
    /// What is wrong, as a sentence.
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { "\(message) (\(code.rawValue))" }
}
