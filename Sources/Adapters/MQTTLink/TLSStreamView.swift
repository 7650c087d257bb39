internal import COpenSSL
internal import Glibc

/// A second look at the session of TLS that libmosquitto reads and writes by: what comes is seen
/// before libmosquitto sees it, and libmosquitto gets no more than what was seen.
@safe
final class TLSStreamView {
    enum Handshake { case done, wants, tooMuch, failed, hungUp }
    enum Look { case bytes, nothing, ended, failed, fault(PacketWatch.Fault) }

    /// An `SSL`; a reference of our own, for libmosquitto frees its one when it likes.
    let session: OpaquePointer
    /// Bytes that may still be taken from the socket. Without any, the socket seems to be empty.
    fileprivate var allowance: Int
    /// Until the handshake is ours, neither direction works: libmosquitto begins it when TCP does
    /// not stand yet, and does not pass on what it meets.
    fileprivate var isHeld = true
    /// What the system said first against using the socket. Where that is in writing, libmosquitto
    /// is told to try later: it would close the socket, and what the broker said last with it.
    fileprivate(set) var systemError: Int32 = 0

    /// What a broker may send until TLS stands: certificates of a chain are less than 100 KiB.
    private static let handshakeBytes = 256 << 10
    /// The plain content of one record of TLS.
    private static let recordBytes = 16 << 10
    /// What one look takes from the socket, so that endless empty records can't keep it.
    private static let lookBytes = 64 << 10

    init(_ session: OpaquePointer) {
        unsafe self.session = session
        allowance = Self.handshakeBytes
        unsafe SSL_up_ref(session)
        let socket = unsafe SSL_get_rbio(session)
        unsafe BIO_set_callback_arg(
            socket, Unmanaged.passUnretained(self).toOpaque().assumingMemoryBound(to: CChar.self))
        unsafe BIO_set_callback_ex(socket, socketUsed)
    }

    deinit { unsafe SSL_free(session) }

    /// Before the end of this object, while libmosquitto still has the session.
    func detach() {
        let socket = unsafe SSL_get_rbio(session)
        unsafe BIO_set_callback_ex(socket, nil)
        unsafe BIO_set_callback_arg(socket, nil)
    }

    /// The name that the server is asked for; nil asks for none.
    func setServerName(_ name: String?) -> Bool {
        unsafe flotilla_ssl_set_host_name(session, name) == 1
    }

    func shakeHands() -> Handshake {
        isHeld = false
        ERR_clear_error()
        let result = unsafe SSL_connect(session)
        if result == 1 {
            allowance = 0
            return .done
        }
        switch unsafe SSL_get_error(session, result) {
        case SSL_ERROR_WANT_READ where allowance <= 0: return .tooMuch
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE:
            return systemError == 0 ? .wants : .hungUp
        case SSL_ERROR_SYSCALL, SSL_ERROR_ZERO_RETURN: return .hungUp
        default:
            let reason = Int32(truncatingIfNeeded: ERR_peek_last_error() & 0x7f_ffff)
            return reason == SSL_R_UNEXPECTED_EOF_WHILE_READING ? .hungUp : .failed
        }
    }

    var wantsWrite: Bool { unsafe SSL_want(session) == SSL_WRITING }

    /// Keeps what the system said; false where it only said to try later.
    @discardableResult
    fileprivate func note(_ code: Int32) -> Bool {
        if code == EAGAIN || code == EINTR { return false }
        if systemError == 0 { systemError = code }
        return true
    }

    /// `: Connection reset by peer`, where the system said something.
    var systemReason: String {
        systemError == 0 ? "" : ": \(unsafe String(cString: strerror(systemError)))"
    }

    /// Plain bytes that were taken from the socket and that libmosquitto has not read yet.
    var pendingBytes: Int { Int(unsafe SSL_pending(session)) }
    var hasPending: Bool { pendingBytes > 0 }

    var writtenBytes: UInt64 { unsafe BIO_number_written(SSL_get_wbio(session)) }

    /// Takes one record from the socket and shows its content. It stays there to be read.
    func peek(
        _ body: (Span<UInt8>) throws(PacketWatch.Fault) -> Void
    ) -> Look {
        allowance = Self.lookBytes
        defer { allowance = 0 }
        return unsafe withUnsafeTemporaryAllocation(
            byteCount: Self.recordBytes, alignment: 1
        ) { buffer in
            ERR_clear_error()
            let count = unsafe SSL_peek(session, buffer.baseAddress, Int32(buffer.count))
            guard count > 0 else { return failedLook(count) }
            let bytes = unsafe UnsafeRawBufferPointer(rebasing: buffer[..<Int(count)])
            do throws(PacketWatch.Fault) {
                try body(unsafe bytes.bindMemory(to: UInt8.self).span)
                return .bytes
            } catch {
                return .fault(error)
            }
        }
    }

    private func failedLook(_ result: Int32) -> Look {
        switch unsafe SSL_get_error(session, result) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .nothing
        case SSL_ERROR_ZERO_RETURN, SSL_ERROR_SYSCALL: return .ended
        default:
            let reason = Int32(truncatingIfNeeded: ERR_peek_last_error() & 0x7f_ffff)
            return reason == SSL_R_UNEXPECTED_EOF_WHILE_READING ? .ended : .failed
        }
    }
}

/// OpenSSL asks before and tells after each use of the socket.
private func socketUsed(
    _ socket: OpaquePointer?, _ operation: Int32, _ bytes: UnsafePointer<CChar>?, _ length: Int,
    _ number: Int32, _ argument: Int, _ result: Int32, _ processed: UnsafeMutablePointer<Int>?
) -> Int {
    guard let context = unsafe BIO_get_callback_arg(socket) else { return Int(result) }
    let view = unsafe Unmanaged<TLSStreamView>.fromOpaque(UnsafeRawPointer(context))
        .takeUnretainedValue()
    let code = errno
    switch operation {
    case BIO_CB_READ where view.isHeld || view.allowance <= 0:
        unsafe flotilla_bio_set_retry_read(socket)
        return -1
    case BIO_CB_WRITE where view.isHeld:
        unsafe flotilla_bio_set_retry_write(socket)
        return -1
    case BIO_CB_READ | BIO_CB_RETURN:
        if result > 0 {
            view.allowance -= unsafe processed?.pointee ?? 0
        } else if result < 0 {
            view.note(code)
        }
    case BIO_CB_WRITE | BIO_CB_RETURN:
        if result < 0 && view.note(code) { unsafe flotilla_bio_set_retry_write(socket) }
    default: break
    }
    return Int(result)
}
