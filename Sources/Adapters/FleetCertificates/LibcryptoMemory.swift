internal import COpenSSL
internal import FleetModel

/// Bytes that libcrypto reads or writes. Owned: freed with this value.
@safe
struct LibcryptoMemory: ~Copyable {
    let handle: OpaquePointer

    /// For writing.
    init() {
        guard let handle = unsafe BIO_new(BIO_s_mem()) else {
            fatalError("no memory for libcrypto")
        }
        unsafe self.handle = handle
    }

    /// A copy of `bytes`, for reading.
    init(_ bytes: [UInt8]) {
        self.init()
        let count = unsafe BIO_write(handle, bytes, Int32(bytes.count))
        guard bytes.isEmpty || Int(count) == bytes.count else {
            fatalError("no memory for libcrypto")
        }
    }

    deinit { unsafe BIO_free(handle) }

    /// What was written.
    consuming func contents() -> [UInt8] {
        var contents: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = unsafe BIO_read(handle, &buffer, Int32(buffer.count))
            if count <= 0 { return contents }
            contents += buffer.prefix(Int(count))
        }
    }
}

/// A time of libcrypto. Owned: freed with this value.
@safe
struct LibcryptoTime: ~Copyable {
    let handle: UnsafeMutablePointer<ASN1_TIME>

    init(_ instant: Instant) {
        guard let handle = unsafe ASN1_TIME_set(nil, time_t(instant.seconds)) else {
            fatalError("libcrypto can't hold the time \(instant)")
        }
        unsafe self.handle = handle
    }

    deinit { unsafe ASN1_TIME_free(handle) }

    /// The time that `other` is; nil where it is none.
    static func instant(_ other: UnsafePointer<ASN1_TIME>?) -> Instant? {
        let start = LibcryptoTime(Instant(seconds: 0))
        var (days, seconds) = (Int32(0), Int32(0))
        guard let other = unsafe other,
            unsafe ASN1_TIME_diff(&days, &seconds, start.handle, other) == 1
        else { return nil }
        return Instant(seconds: Int64(days) * 86_400 + Int64(seconds))
    }
}

/// The reason of libcrypto's last error on this thread, which is forgotten by this.
func libcryptoMessage() -> String {
    let number = ERR_peek_last_error()
    defer { ERR_clear_error() }
    guard number != 0, let reason = unsafe ERR_reason_error_string(number) else {
        return "no reason given"
    }
    return unsafe String(cString: reason)
}
