internal import Digests

/// HMAC-SHA-256 (RFC 2104), fed piece by piece.
struct HMAC {
    private var inner = SHA256()
    private let outerKey: [UInt8]

    init(key: [UInt8]) {
        let short = key.count > 64 ? SHA256.hash(key).bytes : key
        let padded = short + [UInt8](repeating: 0, count: 64 - short.count)
        outerKey = padded.map { $0 ^ 0x5c }
        inner.update(padded.map { $0 ^ 0x36 })
    }

    mutating func update(_ bytes: some Sequence<UInt8>) { inner.update(bytes) }

    mutating func finalize() -> [UInt8] {
        SHA256.hash(outerKey + inner.finalize().bytes).bytes
    }

    static func code(of bytes: some Sequence<UInt8>, key: [UInt8]) -> [UInt8] {
        var code = HMAC(key: key)
        code.update(bytes)
        return code.finalize()
    }
}

/// Whether both are the same, in a time that says nothing about where they differ. Their lengths
/// are no secret.
func isSame(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    var difference: UInt8 = 0
    for index in left.indices { difference |= left[index] ^ right[index] }
    return difference == 0
}
