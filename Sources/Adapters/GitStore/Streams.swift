internal import CGit2
internal import Glibc
internal import NetworkStreams

/// libgit2's connections, made by us: its own know no time-out, and its TLS (mbedTLS in Debian) ends
/// at version 1.2, has no client certificates and does not know addresses.
func registerStreams() -> Int32 {
    var plain = unsafe git_stream_registration(
        version: Int32(GIT_STREAM_VERSION), init: makePlainStream, wrap: nil)
    var encrypted = unsafe git_stream_registration(
        version: Int32(GIT_STREAM_VERSION), init: makeEncryptedStream, wrap: nil)
    return unsafe min(
        git_stream_register(GIT_STREAM_STANDARD, &plain),
        git_stream_register(GIT_STREAM_TLS, &encrypted))
}

/// The Swift side of one stream. Retained by the C side until `free`.
private final class StreamConnection {
    let session: FetchSession
    private let host: String
    private let port: String
    private let isEncrypted: Bool
    private var socket: TCPConnection?
    private var tls: TLSConnection?
    /// How many of the socket's bytes the session knows of.
    private var countedBytes = 0

    init(_ session: FetchSession, _ host: String, _ port: String, isEncrypted: Bool) {
        self.session = session
        self.host = host
        self.port = port
        self.isEncrypted = isEncrypted
    }

    func connect() throws(GitError) -> Int32 {
        // libgit2 stays on one site by itself; this makes sure of it.
        guard host.lowercased() == session.url.host else {
            throw session.error(
                .refused, "the server redirects to another host; use that one's URL")
        }
        guard let number = Int(port) else {
            throw session.error(.invalidURL, "'\(sanitized(port))' is not a port")
        }
        return try conversing { () throws(NetworkError) in
            let connected = try TCPConnection(host: host, port: number, session.bounds)
            socket = connected
            if isEncrypted {
                tls = try TLSConnection(over: connected, host: host, session.request.tls)
            }
            return connected.descriptor
        }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(GitError) -> Int {
        let stream = try stream()
        let bytes = try conversing { () throws(NetworkError) in
            try stream.read(upTo: buffer.count)
        }
        unsafe buffer.copyBytes(from: bytes)
        return bytes.count
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(GitError) {
        let (stream, bytes) = (try stream(), unsafe Array(bytes))
        try conversing { () throws(NetworkError) in try stream.write(bytes) }
    }

    func close() {
        tls?.close()
        tls = nil
        socket = nil
    }

    private func stream() throws(GitError) -> any ByteStream {
        if let tls { return tls }
        guard let socket else { throw session.error(.other, "the stream is not connected") }
        return socket
    }

    /// Speaks with the server: its faults are the fetch's, and so is what it sends.
    private func conversing<Value>(
        _ body: () throws(NetworkError) -> Value
    ) throws(GitError) -> Value {
        try session.requireTimeLeft()
        defer {
            let total = socket?.receivedBytes ?? countedBytes
            session.received(total - countedBytes)
            countedBytes = total
        }
        do throws(NetworkError) {
            return try body()
        } catch {
            // A wait ends at the first of its bounds; which one it was, the clock tells.
            try session.requireTimeLeft()
            throw session.error(GitError.Code(error.code), error.description)
        }
    }
}

private func makePlainStream(
    _ out: UnsafeMutablePointer<UnsafeMutablePointer<git_stream>?>?,
    _ host: UnsafePointer<CChar>?, _ port: UnsafePointer<CChar>?
) -> Int32 { unsafe makeStream(out, host, port, isEncrypted: false) }

private func makeEncryptedStream(
    _ out: UnsafeMutablePointer<UnsafeMutablePointer<git_stream>?>?,
    _ host: UnsafePointer<CChar>?, _ port: UnsafePointer<CChar>?
) -> Int32 { unsafe makeStream(out, host, port, isEncrypted: true) }

private func makeStream(
    _ out: UnsafeMutablePointer<UnsafeMutablePointer<git_stream>?>?,
    _ host: UnsafePointer<CChar>?, _ port: UnsafePointer<CChar>?, isEncrypted: Bool
) -> Int32 {
    guard let out = unsafe out, let host = unsafe host, let port = unsafe port,
        let session = FetchSession.current
    else { return -1 }
    let connection = unsafe StreamConnection(
        session, String(cString: host), String(cString: port), isEncrypted: isEncrypted)
    let base = unsafe git_stream(
        version: Int32(GIT_STREAM_VERSION), encrypted: isEncrypted ? 1 : 0, proxy_support: 0,
        connect: connectStream, certificate: giveNoCertificate, set_proxy: refuseProxy,
        read: readStream, write: writeStream, close: closeStream, free: freeStream)
    let stream = UnsafeMutablePointer<flotilla_stream>.allocate(capacity: 1)
    unsafe stream.initialize(
        to: flotilla_stream(
            base: base, host: strdup(host), port: strdup(port), socket: -1,
            connection: Unmanaged.passRetained(connection).toOpaque()))
    unsafe out.pointee = UnsafeMutableRawPointer(stream).assumingMemoryBound(to: git_stream.self)
    return 0
}

/// The base is the first member, so both have one address.
private func whole(_ stream: UnsafeMutablePointer<git_stream>?)
    -> UnsafeMutablePointer<flotilla_stream>
{
    guard let stream = unsafe stream else { fatalError("libgit2 gave no stream") }
    return unsafe UnsafeMutableRawPointer(stream).assumingMemoryBound(to: flotilla_stream.self)
}

private func connection(of stream: UnsafeMutablePointer<git_stream>?) -> StreamConnection {
    guard let pointer = unsafe whole(stream).pointee.connection else {
        fatalError("a stream has its connection until it is freed")
    }
    return unsafe Unmanaged<StreamConnection>.fromOpaque(pointer).takeUnretainedValue()
}

private func connectStream(_ stream: UnsafeMutablePointer<git_stream>?) -> Int32 {
    let connection = unsafe connection(of: stream)
    do throws(GitError) {
        // For ssh, which takes the descriptor over.
        unsafe whole(stream).pointee.socket = try connection.connect()
        return 0
    } catch {
        connection.session.note(error)
        return -1
    }
}

private func readStream(
    _ stream: UnsafeMutablePointer<git_stream>?, _ target: UnsafeMutableRawPointer?, _ size: Int
) -> Int {
    let connection = unsafe connection(of: stream)
    do throws(GitError) {
        return try unsafe connection.read(
            into: UnsafeMutableRawBufferPointer(start: target, count: size))
    } catch {
        connection.session.note(error)
        return -1
    }
}

private func writeStream(
    _ stream: UnsafeMutablePointer<git_stream>?, _ bytes: UnsafePointer<CChar>?, _ size: Int,
    _ flags: Int32
) -> Int {
    let connection = unsafe connection(of: stream)
    do throws(GitError) {
        try unsafe connection.write(UnsafeRawBufferPointer(start: bytes, count: size))
        return size
    } catch {
        connection.session.note(error)
        return -1
    }
}

private func closeStream(_ stream: UnsafeMutablePointer<git_stream>?) -> Int32 {
    unsafe connection(of: stream).close()
    unsafe whole(stream).pointee.socket = -1
    return 0
}

private func freeStream(_ stream: UnsafeMutablePointer<git_stream>?) {
    let all = unsafe whole(stream)
    if let pointer = unsafe all.pointee.connection {
        unsafe Unmanaged<StreamConnection>.fromOpaque(pointer).release()
    }
    unsafe free(all.pointee.host)
    unsafe free(all.pointee.port)
    unsafe all.deallocate()
}

/// The certificate was judged while connecting; there is nothing left to ask.
private func giveNoCertificate(
    _ out: UnsafeMutablePointer<UnsafeMutablePointer<git_cert>?>?,
    _ stream: UnsafeMutablePointer<git_stream>?
) -> Int32 { -1 }

private func refuseProxy(
    _ stream: UnsafeMutablePointer<git_stream>?, _ options: UnsafePointer<git_proxy_options>?
) -> Int32 { -1 }
