package import FleetModel
internal import Glibc
internal import HostSystem

/// A TCP connection with one deadline for its whole life. Closed when the last reference goes.
package final class TCPConnection: ByteStream {
    private let descriptor: Int32
    private let deadline: Instant
    /// `host:port`, for messages.
    package let subject: String

    /// Connects to the first address of `host` that accepts before `deadline` of the monotonic
    /// clock. The name is looked up first, and that is not bounded by the deadline.
    package init(host: String, port: Int, deadline: Instant) throws(NetworkError) {
        let isAddress6 = host.utf8.contains(UInt8(ascii: ":"))
        subject = isAddress6 ? "[\(host)]:\(port)" : "\(host):\(port)"
        self.deadline = deadline
        let addresses = try NameResolution.socketAddresses(host: host, port: port)
        var failure = NetworkError(.unreachable, "connect to", subject, "it has no address")
        for (index, address) in addresses.enumerated() {
            // An address that swallows packets must not use up the time of those behind it.
            let remaining = deadline - Clocks.monotonic()
            let share = Clocks.monotonic() + remaining / (addresses.count - index)
            do throws(NetworkError) {
                descriptor = try Self.connect(to: address, subject, deadline: share)
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
        while true {
            let received = unsafe buffer.withUnsafeMutableBytes {
                unsafe recv(descriptor, $0.baseAddress, $0.count, 0)
            }
            if received >= 0 {
                buffer.removeLast(count - received)
                return buffer
            }
            let code = errno
            guard code == EAGAIN || code == EINTR else {
                throw Self.failure("read from", subject, code)
            }
            try Self.wait(
                for: PollRequest(reading: descriptor), "read from", subject, until: deadline)
        }
    }

    package func write(_ bytes: [UInt8]) throws(NetworkError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            // Without MSG_NOSIGNAL a server that hangs up would end this process.
            let sent = unsafe rest.withUnsafeBytes {
                unsafe send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if sent >= 0 {
                rest = rest.dropFirst(sent)
                continue
            }
            let code = errno
            guard code == EAGAIN || code == EINTR else {
                throw Self.failure("write to", subject, code)
            }
            try Self.wait(
                for: PollRequest(descriptor, reading: false, writing: true), "write to", subject,
                until: deadline)
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
