internal import CMosquitto
internal import Glibc

/// A client of libmosquitto for one connection. It owns the socket and the session of TLS.
@safe
final class MosquittoClient {
    let handle: OpaquePointer

    private static let isReady = mosquitto_lib_init() == MOSQ_ERR_SUCCESS.rawValue

    init(id: String, cleanStart: Bool) throws(LinkError) {
        guard Self.isReady, let handle = unsafe mosquitto_new(id, cleanStart, nil) else {
            throw .failed("libmosquitto makes no client with id '\(id)'")
        }
        unsafe self.handle = handle
    }

    deinit { unsafe mosquitto_destroy(handle) }

    func set(_ option: mosq_opt_t, _ value: Int32) throws(LinkError) {
        try check(unsafe mosquitto_int_option(handle, option, value), "set an option")
    }

    /// libmosquitto makes its session of this `SSL_CTX`.
    func use(_ context: OpaquePointer) throws(LinkError) {
        try check(
            unsafe mosquitto_void_option(
                handle, MOSQ_OPT_SSL_CTX, UnsafeMutableRawPointer(context)), "use TLS")
    }

    func setWill(_ will: LinkMessage) throws(LinkError) {
        var properties = try PropertyList(of: will)
        let code = unsafe will.payload.withUnsafeBytes {
            unsafe mosquitto_will_set_v5(
                handle, will.topic, Int32($0.count), $0.baseAddress, Int32(will.qos), will.retain,
                properties.head)
        }
        try check(code, "set a will")
        _ = unsafe properties.release()
    }

    /// Begins to connect and returns. The call that takes properties waits for the connection, and
    /// the one that does not wait takes none; but the first keeps the properties before it looks
    /// at the port.
    func connect(
        to address: String, port: Int, keepAlive: Int32, _ properties: borrowing PropertyList
    ) throws(LinkError) {
        let kept = unsafe mosquitto_connect_bind_v5(
            handle, address, -1, keepAlive, nil, properties.head)
        guard kept == MOSQ_ERR_INVAL.rawValue else {
            throw .failed("libmosquitto takes port -1; it is not the version that is expected")
        }
        errno = 0
        let code = unsafe mosquitto_connect_bind_async(
            handle, address, Int32(port), keepAlive, nil)
        let systemCode = errno
        if code == MOSQ_ERR_ERRNO.rawValue && systemCode != 0 {
            throw .failed(
                "cannot connect to \(address): \(unsafe String(cString: strerror(systemCode)))")
        }
        try check(code, "connect to \(address)")
        // Not for children that others start.
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }

    /// -1 where there is no socket (any more).
    var descriptor: Int32 { unsafe mosquitto_socket(handle) }

    /// What became of the connection attempt; 0 is good.
    func socketError() -> Int32 {
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        let result = unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size)
        return result == 0 ? code : errno
    }

    var wantsWrite: Bool { unsafe mosquitto_want_write(handle) }
    func read() -> Int32 { unsafe mosquitto_loop_read(handle, 1) }
    func write() -> Int32 { unsafe mosquitto_loop_write(handle, 1) }
    func checkKeepAlive() -> Int32 { unsafe mosquitto_loop_misc(handle) }

    func publish(
        _ message: LinkMessage, _ properties: borrowing PropertyList
    ) -> (code: Int32, id: Int32) {
        var id: Int32 = 0
        let code = unsafe message.payload.withUnsafeBytes {
            unsafe mosquitto_publish_v5(
                handle, &id, message.topic, Int32($0.count), $0.baseAddress, Int32(message.qos),
                message.retain, properties.head)
        }
        return (code, id)
    }

    func subscribe(_ filters: [String], qos: Int32) -> (code: Int32, id: Int32) {
        var id: Int32 = 0
        var texts = unsafe filters.map { unsafe strdup($0) }
        defer { unsafe texts.forEach { unsafe free($0) } }
        let code = unsafe flotilla_mosquitto_subscribe(
            handle, &id, Int32(filters.count), &texts, qos)
        return (code, id)
    }

    /// Sends the goodbye; closes the socket where it could be sent at once.
    func disconnect() { _ = unsafe mosquitto_disconnect_v5(handle, 0, nil) }

    private func check(_ code: Int32, _ what: String) throws(LinkError) {
        guard code == MOSQ_ERR_SUCCESS.rawValue else {
            throw .failed("libmosquitto can't \(what): \(libraryMessage(code))")
        }
    }
}

/// Whether the C library takes the text for an address without asking anybody.
func isNumericAddress(_ text: String) -> Bool {
    guard !text.isEmpty, !text.utf8.contains(0) else { return false }
    var hints = unsafe addrinfo()
    unsafe hints.ai_flags = AI_NUMERICHOST
    var list: UnsafeMutablePointer<addrinfo>?
    guard unsafe getaddrinfo(text, nil, &hints, &list) == 0 else { return false }
    unsafe freeaddrinfo(list)
    return true
}
