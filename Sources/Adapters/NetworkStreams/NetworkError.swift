/// A conversation over the network that failed: with whom, at what, and why.
package struct NetworkError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Code: Equatable, Sendable {
        case unknownName
        /// Refused, no route, or hung up in the middle.
        case unreachable
        case timeout
        /// The other side sent more than it may.
        case tooMuch
        /// The server's TLS certificate does not verify.
        case certificate
        /// The server refuses our certificate or wants one, or our own files are not usable.
        case authentication
        /// TLS failed for another reason.
        case encryption
    }

    package var code: Code
    /// A verb for people: "connect to".
    package var operation: String
    /// `host:port`, or the name that was looked up.
    package var subject: String
    package var message: String

    package init(_ code: Code, _ operation: String, _ subject: String, _ message: String) {
        self.code = code
        self.operation = operation
        self.subject = subject
        self.message = message
    }

    package var description: String { "cannot \(operation) \(subject): \(message)" }
}
