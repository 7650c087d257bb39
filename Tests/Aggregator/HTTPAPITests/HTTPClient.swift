import Documents
import Foundation
import JSONDocument
import Testing

/// An answer, as it came over the wire.
struct HTTPAnswer {
    var status: Int
    /// Names in small letters.
    var fields: [String: String]
    var text: String

    init(_ bytes: [UInt8]) throws {
        let text = String(decoding: bytes, as: UTF8.self)
        let headEnd = try #require(text.range(of: "\r\n\r\n"), "no whole head in: \(text)")
        var lines = text[..<headEnd.lowerBound].components(separatedBy: "\r\n")
        let words = lines.removeFirst().split(separator: " ")
        status = try #require(words.count > 1 ? Int(words[1]) : nil)
        fields = Dictionary(
            lines.map { line in
                let parts = line.split(separator: ":", maxSplits: 1)
                return (
                    parts[0].lowercased(),
                    parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
                )
            }, uniquingKeysWith: { "\($0), \($1)" })
        self.text = String(text[headEnd.upperBound...])
    }

    func json() throws -> Node { try JSON.parse(Array(text.utf8), file: "the answer") }

    /// The code of an error's JSON.
    func errorCode() throws -> String? {
        let error = try json()["error"]
        // An error always says what to do.
        try #require(error?["message"]?.text?.isEmpty == false)
        try #require(error?["fix"]?.text?.isEmpty == false)
        return error?["code"]?.text
    }
}

extension Node {
    subscript(key: String) -> Node? { entries.first { $0.key == key }?.value }

    var entries: [Entry] {
        if case .mapping(let entries) = content { entries } else { [] }
    }

    var text: String? {
        guard case .scalar(let scalar) = content, !scalar.isNull else { return nil }
        return scalar.text
    }

    var items: [Node] {
        guard case .sequence(let items) = content else { return [] }
        return items
    }
}

/// A connection to a port of this machine. Nothing of HTTP is done for the caller, so that a test
/// can be as slow, broken or hostile as it wants. Every read ends after 20 seconds.
final class RawConnection {
    private let descriptor: Int32

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        let descriptor = descriptor
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                connect(descriptor, pointer, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            let code = errno
            close(descriptor)
            throw POSIXError(POSIXErrorCode(rawValue: code) ?? .EIO)
        }
    }

    deinit { close(descriptor) }

    /// False where the other side has hung up.
    @discardableResult
    func send(_ text: String) -> Bool {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let sent = bytes.withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if sent <= 0 { return false }
            bytes = bytes.dropFirst(sent)
        }
        return true
    }

    /// Some bytes; empty where the other side has hung up.
    func receive() throws -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        if count < 0 && errno == ECONNRESET { return [] }
        guard count >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        return Array(buffer[..<count])
    }

    func receiveAll() throws -> [UInt8] {
        var all: [UInt8] = []
        while true {
            let part = try receive()
            if part.isEmpty { return all }
            all += part
        }
    }

    /// What comes until the text does; fails where it does not.
    func receive(until text: String) throws -> String {
        var all: [UInt8] = []
        while true {
            let soFar = String(decoding: all, as: UTF8.self)
            if soFar.contains(text) { return soFar }
            let part = try receive()
            try #require(!part.isEmpty, "hung up before `\(text)`, after: \(soFar)")
            all += part
        }
    }
}

/// Runs what blocks on a thread of its own: those of the concurrency runtime are few, and the
/// server under test needs them.
func onThread<Result: Sendable>(
    _ work: @escaping @Sendable () throws -> Result
) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Swift.Result(catching: work)) }
    }
}
