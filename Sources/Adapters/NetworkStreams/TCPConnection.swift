package import FleetModel
internal import Glibc
internal import HostSystem

/// A TCP connection that keeps to its bounds for its whole life. Closed when the last reference
/// goes.
package final class TCPConnection: ByteStream {
    /// The kernel's number, for a library that wants to speak by itself. It must not outlive this
    /// object.
    package let descriptor: Int32
    private let bounds: StreamBounds
    /// What came over the wire so far.
    package private(set) var receivedBytes = 0
    /// `host:port`, for messages.
    package let subject: String

    package convenience init(host: String, port: Int, deadline: Instant) throws(NetworkError) {
        try self.init(host: host, port: port, StreamBounds(deadline: deadline))
    }

    /// Connects to the first address of `host` that accepts in time. The name is looked up first,
    /// and that takes as long as resolv.conf says.
    package init(host: String, port: Int, _ bounds: StreamBounds) throws(NetworkError) {
        let isAddress6 = host.utf8.contains(UInt8(ascii: ":"))
        subject = isAddress6 ? "[\(host)]:\(port)" : "\(host):\(port)"
        self.bounds = bounds
        let addresses = try NameResolution.socketAddresses(host: host, port: port)
        var failure = NetworkError(.unreachable, "connect to", subject, "it has no address")
        for (index, address) in addresses.enumerated() {
            // An address that swallows packets must not use up the time of those behind it.
            let remaining = bounds.deadline - Clocks.monotonic()
            let share = Clocks.monotonic() + remaining / (addresses.count - index)
            do throws(NetworkError) {
                descriptor = try Self.connect(
                    to: address, subject, deadline: min(share, bounds.endOfWait))
                return
            } catch {
                failure = error
            }
        }
        throw failure
    }

    deinit { _ = close(descriptor) }

    package func read(upTo count: Int) throws(NetworkError) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: count)
        let end = bounds.endOfWait
        while true {
            let received = unsafe buffer.withUnsafeMutableBytes {
                unsafe recv(descriptor, $0.baseAddress, $0.count, 0)
            }
            if received >= 0 {
                receivedBytes += received
                guard receivedBytes <= bounds.receivedLimit else {
                    throw NetworkError(
                        .tooMuch, "read from", subject,
                        "it sent more than \(bounds.receivedLimit) bytes")
                }
                buffer.removeLast(count - received)
                return buffer
            }
            let code = errno
            guard code == EAGAIN || code == EINTR else {
                throw Self.failure("read from", subject, code)
            }
            try Self.wait(
                for: PollRequest(reading: descriptor), "read from", subject, until: end)
        }
    }

    package func write(_ bytes: [UInt8]) throws(NetworkError) {
        var rest = bytes[...]
        var end = bounds.endOfWait
        while !rest.isEmpty {
            // Without MSG_NOSIGNAL a server that hangs up would end this process.
            let sent = unsafe rest.withUnsafeBytes {
                unsafe send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if sent >= 0 {
                rest = rest.dropFirst(sent)
                end = bounds.endOfWait
                continue
            }
            let code = errno
            guard code == EAGAIN || code == EINTR else {
                throw Self.failure("write to", subject, code)
            }
            try Self.wait(
                for: PollRequest(descriptor, reading: false, writing: true), "write to", subject,
                until: end)
        }
    }

    private static func connect(
        to address: SocketAddress, _ subject: String, deadline: Instant
    ) throws(NetworkError) -> Int32 {
        let kind = SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue
        let descriptor = socket(address.family, Int32(kind), 0)
        guard descriptor >= 0 else { throw failure("connect to", subject, errno) }
        do throws(NetworkError) {
            var code: Int32 = unsafe address.withPointer { pointer, count in
                unsafe Glibc.connect(descriptor, pointer, count) == 0 ? 0 : errno
            }
            if code == EINPROGRESS {
                let request = PollRequest(descriptor, reading: false, writing: true)
                try wait(for: request, "connect to", subject, until: deadline)
                var size = socklen_t(MemoryLayout<Int32>.size)
                let result = unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size)
                guard result == 0 else { fatalError("a socket always tells its error") }
            }
            if code != 0 { throw failure("connect to", subject, code) }
            return descriptor
        } catch {
            _ = close(descriptor)
            throw error
        }
    }

    private static func wait(
        for request: PollRequest, _ operation: String, _ subject: String, until deadline: Instant
    ) throws(NetworkError) {
        var requests = [request]
        let remaining = deadline - Clocks.monotonic()
        guard remaining > .zero else {
            throw NetworkError(.timeout, operation, subject, "not finished in time")
        }
        do throws(SystemError) {
            try PollRequest.wait(for: &requests, timeout: remaining)
        } catch {
            throw failure(operation, subject, error.code)
        }
    }

    private static func failure(
        _ operation: String, _ subject: String, _ code: Int32
    ) -> NetworkError {
        NetworkError(
            .unreachable, operation, subject, unsafe String(cString: strerror(code)))
    }
}
