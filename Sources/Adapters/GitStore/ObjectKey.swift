internal import CGit2
internal import FleetModel

/// An object id as 20 bytes: what sets of many thousands of ids are made of. As text each would be
/// an allocation of its own.
struct ObjectKey: Hashable, Sendable {
    private let words: (UInt64, UInt64, UInt32)

    /// Takes the first 20 bytes.
    init(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= 20 else {
            fatalError("an object id has 20 bytes, not \(bytes.count)")
        }
        unsafe words = (
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
            UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt32.self))
        )
    }

    init(_ id: ObjectID) {
        let oid = id.oid
        self = unsafe withUnsafeBytes(of: oid.id) { unsafe ObjectKey($0) }
    }

    init(_ bytes: ArraySlice<UInt8>) {
        self = unsafe bytes.withUnsafeBytes { unsafe ObjectKey($0) }
    }

    var id: ObjectID { ObjectID(bytes[...]) }

    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        unsafe withUnsafeBytes(of: words.0.bigEndian) { unsafe bytes.append(contentsOf: $0) }
        unsafe withUnsafeBytes(of: words.1.bigEndian) { unsafe bytes.append(contentsOf: $0) }
        unsafe withUnsafeBytes(of: words.2.bigEndian) { unsafe bytes.append(contentsOf: $0) }
        return bytes
    }

    /// The first byte, by which indexes are cut into 256 parts.
    var first: Int { Int(words.0 >> 56) }

    static func == (left: ObjectKey, right: ObjectKey) -> Bool { left.words == right.words }

    static func < (left: ObjectKey, right: ObjectKey) -> Bool { left.words < right.words }

    func hash(into hasher: inout Hasher) {
        // The id is a hash already.
        hasher.combine(words.0)
    }
}
