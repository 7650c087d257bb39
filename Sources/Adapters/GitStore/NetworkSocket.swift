internal import FleetModel
internal import Glibc

/// A TCP connection of one fetch. It never waits longer than the fetch allows, neither for one
/// answer nor in all.
final class NetworkSocket {
    let descriptor: Int32
    private let session: FetchSession

    /// Connects to the first address of `host` that answers. Names are resolved by the C library,
    /// whose patience is resolv.conf's.
    init(host: String, port: String, session: FetchSession) throws(GitError) {
        self.session = session
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let result = unsafe getaddrinfo(host, port, &hints, &list)
        guard result == 0 else {
            let reason =
                unsafe gai_strerror(result).map { unsafe String(cString: $0) } ?? "no reason"
            throw session.error(.network, "the name \(host) cannot be resolved: \(reason)")
        }
        defer { unsafe freeaddrinfo(list) }
        var lastError = session.error(.network, "\(host) has no address")
        var next = unsafe list
        while let address = unsafe next {
            do throws(GitError) {
                descriptor = try unsafe Self.connect(address.pointee, host, port, session)
                return
            } catch {
                lastError = error
            }
            unsafe next = address.pointee.ai_next
        }
        throw lastError
    }

    deinit { close(descriptor) }

    /// Up to the buffer's size; 0 where the server closed the connection.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(GitError) -> Int {
        while true {
            let count = unsafe recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count >= 0 {
                try session.received(count)
                return count
            }
            guard errno == EAGAIN || errno == EINTR else { throw failure("reading", errno) }
            try Self.wait(for: POLLIN, descriptor, "an answer", session)
        }
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(GitError) {
        var rest = unsafe bytes
        while unsafe !rest.isEmpty {
            // Without MSG_NOSIGNAL a server that hangs up would end the process.
            let count = unsafe send(
                descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
            if count >= 0 {
                unsafe rest = UnsafeRawBufferPointer(rebasing: rest[count...])
                continue
            }
            guard errno == EAGAIN || errno == EINTR else { throw failure("writing", errno) }
            try Self.wait(for: POLLOUT, descriptor, "the server to read", session)
        }
    }

    private func failure(_ verb: String, _ number: Int32) -> GitError {
        session.error(.network, "\(verb) failed: \(systemMessage(number)); trying again may help")
    }

    private static func connect(
        _ address: addrinfo, _ host: String, _ port: String, _ session: FetchSession
    ) throws(GitError) -> Int32 {
        let kind =
            unsafe address.ai_socktype | Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = unsafe socket(address.ai_family, kind, address.ai_protocol)
        guard descriptor >= 0 else {
            throw session.error(.other, "no socket can be made: \(systemMessage(errno))")
        }
        do throws(GitError) {
            var number: Int32 = 0
            if unsafe Glibc.connect(descriptor, address.ai_addr, address.ai_addrlen) != 0 {
                number = errno
            }
            if number == EINPROGRESS {
                try wait(for: POLLOUT, descriptor, "a connection to \(host):\(port)", session)
                var size = socklen_t(MemoryLayout<Int32>.size)
                guard unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &number, &size) == 0
                else { fatalError("a socket always tells its error") }
            }
            guard number == 0 else {
                throw session.error(
                    .network, "no connection to \(host):\(port): \(systemMessage(number))")
            }
            return descriptor
        } catch {
            close(descriptor)
            throw error
        }
    }

    private static func wait(
        for events: Int32, _ descriptor: Int32, _ what: String, _ session: FetchSession
    ) throws(GitError) {
        let idleEnd = MonotonicTime.now.advanced(by: session.request.idleTimeout)
        while true {
            try session.requireTimeLeft()
            var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
            let end = min(idleEnd, session.deadline)
            let count = unsafe poll(&entry, 1, end.millisecondsLeft)
            if count > 0 { return }
            guard count == 0 || errno == EINTR else {
                throw session.error(.other, "poll failed: \(systemMessage(errno))")
            }
            guard MonotonicTime.now < idleEnd else {
                throw session.error(
                    .timeout,
                    "nothing came for \(session.request.idleTimeout) while waiting for \(what)")
            }
        }
    }
}
