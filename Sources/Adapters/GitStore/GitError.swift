internal import FleetModel
internal import Glibc
internal import NetworkStreams

/// What went wrong with a repository, or on the way to one.
package struct GitError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Code: String, Equatable, Sendable {
        /// The repository, the branch or the object does not exist.
        case notFound
        case network
        case timeout
        /// The server's TLS certificate does not verify.
        case certificate
        /// The server refuses us, or wants a credential that we do not have.
        case authentication
        /// The server's ssh host key is not the pinned one.
        case hostKey
        case corrupt
        case tooLarge
        case noSpace
        case invalidURL
        /// Our own rules forbid it.
        case refused
        /// The progress callback said stop.
        case cancelled
        case other
    }

    package var code: Code
    /// What was being done, as a verb: `fetch`, `read object`.
    package var operation: String
    /// With what: a URL, a path or an object id. Never a secret.
    package var subject: String
    /// What happened and what to do next.
    package var message: String

    package init(_ code: Code, _ operation: String, _ subject: String, _ message: String) {
        self.code = code
        self.operation = operation
        self.subject = subject
        self.message = message
    }

    /// Whether the same call may succeed later although nobody changes anything here.
    package var isRetryable: Bool {
        switch code {
        case .network, .timeout, .noSpace: true
        case .notFound, .certificate, .authentication, .hostKey, .corrupt, .tooLarge, .invalidURL,
            .refused, .cancelled, .other:
            false
        }
    }

    package var description: String { "cannot \(operation) \(subject): \(message)" }
}

extension GitError {
    /// The error of the system call that has just failed.
    static func system(_ operation: String, _ subject: String, errno number: Int32) -> GitError {
        let code: Code =
            switch number {
            case ENOSPC, EDQUOT: .noSpace
            case ENOENT, ENOTDIR: .notFound
            default: .other
            }
        return GitError(code, operation, subject, systemMessage(number))
    }
}

extension GitError.Code {
    init(_ code: NetworkError.Code) {
        switch code {
        case .unknownName, .unreachable, .encryption: self = .network
        case .timeout: self = .timeout
        case .tooMuch: self = .tooLarge
        case .certificate: self = .certificate
        case .authentication: self = .authentication
        }
    }
}

func systemMessage(_ number: Int32) -> String {
    guard let text = unsafe strerror(number) else { return "error \(number)" }
    return unsafe String(cString: text)
}

/// Text that a server may have written, made fit for a report: one line, bounded.
func sanitized(_ text: some StringProtocol) -> String {
    let bytes = text.utf8.prefix(Limits.reasonBytes).map { $0 < 0x20 || $0 == 0x7f ? 0x20 : $0 }
    var line = Substring(String(decoding: bytes, as: UTF8.self))
    while line.utf8.last == 0x20 { line = line.dropLast() }
    return String(line)
}
