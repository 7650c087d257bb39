public import Foundation

/// A server on a free port of this machine, one thread for each connection. What it answers is the
/// closure's business, so it can be as slow, broken or hostile as a test wants.
public final class SocketServer: Sendable {
    /// Where it listens, on 127.0.0.1.
    public let port: Int
    private let listener: Int32

    /// Starts it; `serve` gets each connection, which is closed when it returns.
    public init(_ serve: @escaping @Sendable (SocketConnection) -> Void) throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(listener, pointer, size) | listen(listener, 16)
                    | getsockname(listener, pointer, &size)
            }
        }
        guard listener >= 0, code == 0 else { throw POSIXError(.EADDRNOTAVAIL) }
        port = Int(UInt16(bigEndian: address.sin_port))
        Thread.detachNewThread {
            while true {
                let peer = accept(listener, nil, nil)
                if peer < 0 {
                    // EINVAL: it was shut down. Only this thread closes it: elsewhere the number
                    // could already be another server's when this thread comes back to accept.
                    guard errno == EINVAL else { continue }
                    close(listener)
                    return
                }
                // A child that inherits it would keep the connection open.
                _ = fcntl(peer, F_SETFD, FD_CLOEXEC)
                Thread.detachNewThread {
                    let connection = SocketConnection(descriptor: peer)
                    serve(connection)
                    connection.hangUp()
                    close(peer)
                }
            }
        }
    }

    deinit {
        // Refuses what still comes, and ends the thread that accepts.
        shutdown(listener, Int32(SHUT_RDWR))
    }

    /// Answers every request with the same bytes and closes.
    public convenience init(answering answer: String) throws {
        try self.init(answering: Array(answer.utf8))
    }

    /// Answers every request with the same bytes and closes.
    public convenience init(answering answer: [UInt8]) throws {
        try self.init { connection in
            _ = connection.readRequest()
            _ = connection.send(answer)
        }
    }

    /// Lets the closure talk to it, and lives as long as that.
    public func serving<Result>(_ body: (_ port: Int) throws -> Result) rethrows -> Result {
        try withExtendedLifetime(self) { try body(port) }
    }

    /// A port on which nobody listens.
    public static func unusedPort() throws -> Int {
        try SocketServer { _ in }.port
    }
}

/// One connection of a `SocketServer`.
public struct SocketConnection: Sendable {
    let descriptor: Int32

    /// Everything up to the empty line that ends a request's head.
    public func readRequest() -> String {
        var request: [UInt8] = []
        var byte: UInt8 = 0
        while !request.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            let count = recv(descriptor, &byte, 1, 0)
            if count == 1 {
                request.append(byte)
            } else if !(count == -1 && errno == EINTR) {
                break
            }
        }
        return String(decoding: request, as: UTF8.self)
    }

    /// What comes next, at most `count` bytes; empty when the other side has gone.
    public func read(upTo count: Int) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: count)
        while true {
            let received = recv(descriptor, &buffer, count, 0)
            if received == -1 && errno == EINTR { continue }
            return Array(buffer.prefix(max(0, received)))
        }
    }

    /// So many bytes, such as a request's body; fewer where the other side ends before.
    public func read(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while bytes.count < count {
            let got = recv(descriptor, &buffer, min(buffer.count, count - bytes.count), 0)
            if got > 0 {
                bytes += buffer[..<got]
            } else if !(got == -1 && errno == EINTR) {
                break
            }
        }
        return bytes
    }

    /// Sends all of it; false when the other side has gone.
    public func send(_ bytes: some Collection<UInt8>) -> Bool {
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Foundation.send(
                    descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count == -1 && errno == EINTR { continue }
            if count <= 0 { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Says that nothing more comes, and reads what the other side still sends, for a moment:
    /// closing with unread bytes would take back the answer.
    func hangUp() {
        shutdown(descriptor, Int32(SHUT_WR))
        var patience = timeval(tv_sec: 1, tv_usec: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while recv(descriptor, &buffer, buffer.count, 0) > 0 {}
    }

    /// Sends nothing more and returns when the other side has gone.
    public func waitUntilClosed() {
        var byte: UInt8 = 0
        while recv(descriptor, &byte, 1, 0) == 1 {}
    }

    /// Sends a piece again and again, with a pause between two, until the other side has gone.
    public func drip(_ piece: String, every pause: TimeInterval) {
        while send(Array(piece.utf8)) { Thread.sleep(forTimeInterval: pause) }
    }
}
