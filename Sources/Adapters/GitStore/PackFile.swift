internal import FleetModel
internal import Glibc

/// A pack of our own store with its index: which objects it has, and the bytes of each as they are
/// stored.
final class PackFile {
    /// What an object's entry in a pack begins with.
    struct Entry {
        enum Content: Equatable {
            /// The object itself, deflated.
            case whole(ObjectKind)
            /// What makes it of another object, which begins at this place.
            case delta(baseOffset: Int)
            case deltaOf(ObjectKey)
        }

        var content: Content
        /// Of what follows, after it is inflated.
        var size: Int
        /// Where the deflated bytes begin.
        var dataOffset: Int
    }

    /// Without its ending.
    let path: String
    let index: PackIndex
    let size: Int
    private let file: OpenFile
    /// The objects in the order of the file: where each begins, and its place in the index.
    private lazy var order: Result<[(offset: Int, place: Int)], GitError> = sorted()

    /// The checksum at the end of a pack.
    static let trailer = 20
    static let header = 12

    init(_ path: String) throws(GitError) {
        self.path = path
        index = try PackIndex(path + ".idx")
        file = try OpenFile(path: path + ".pack", flags: O_RDONLY)
        size = Int(try file.status().st_size)
    }

    func objects() throws(GitError) -> [(offset: Int, place: Int)] { try order.get() }

    private func sorted() -> Result<[(offset: Int, place: Int)], GitError> {
        do throws(GitError) {
            var order: [(offset: Int, place: Int)] = []
            order.reserveCapacity(index.count)
            for place in 0..<index.count { order.append((try index.offset(at: place), place)) }
            return .success(order.sorted { $0.offset < $1.offset })
        } catch {
            return .failure(error)
        }
    }

    /// Where the entry that begins at `offset` ends, and which object it is.
    func span(at offset: Int) throws(GitError) -> (end: Int, key: ObjectKey) {
        let order = try objects()
        var (low, high) = (0, order.count)
        while low < high {
            let middle = (low + high) / 2
            if order[middle].offset < offset { low = middle + 1 } else { high = middle }
        }
        guard low < order.count, order[low].offset == offset else {
            throw GitError(.corrupt, "read", path, "no object begins at byte \(offset)")
        }
        let end = low + 1 < order.count ? order[low + 1].offset : size - Self.trailer
        return (end, try index.key(at: order[low].place))
    }

    func entry(at offset: Int) throws(GitError) -> Entry {
        // A head has at most 10 bytes of type and size, and 20 of the base.
        let head = try bytes(at: offset, count: 32)
        var reader = EntryHead(head)
        guard let (type, size) = reader.typeAndSize() else { throw malformed(offset) }
        let content: Entry.Content
        switch type {
        case 1: content = .whole(.commit)
        case 2: content = .whole(.tree)
        case 3: content = .whole(.blob)
        case 4: content = .whole(.tag)
        case 6:
            guard let distance = reader.distance(), distance > 0, distance <= offset - Self.header
            else { throw malformed(offset) }
            content = .delta(baseOffset: offset - distance)
        case 7:
            guard let key = reader.key() else { throw malformed(offset) }
            content = .deltaOf(key)
        default: throw malformed(offset)
        }
        return Entry(content: content, size: size, dataOffset: offset + reader.count)
    }

    /// Up to `count` bytes of the file as it is; fewer only at its end.
    func bytes(at offset: Int, count: Int) throws(GitError) -> [UInt8] {
        try file.read(at: offset, count: count)
    }

    private func malformed(_ offset: Int) -> GitError {
        GitError(
            .corrupt, "read", path + ".pack", "what begins at byte \(offset) is no object's head")
    }
}

/// The numbers at the head of an entry: seven bits a byte, the highest bit says that one follows.
private struct EntryHead {
    private let bytes: [UInt8]
    private(set) var count = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    private mutating func next() -> Int? {
        guard count < bytes.count else { return nil }
        count += 1
        return Int(bytes[count - 1])
    }

    mutating func typeAndSize() -> (type: Int, size: Int)? {
        guard var byte = next() else { return nil }
        let type = byte >> 4 & 7
        var size = byte & 15
        var shift = 4
        while byte & 0x80 != 0 {
            guard shift < 56, let following = next() else { return nil }
            byte = following
            size |= (byte & 0x7f) << shift
            shift += 7
        }
        return (type, size)
    }

    /// Each continued byte counts from one further, so that no distance has two spellings.
    mutating func distance() -> Int? {
        guard var byte = next() else { return nil }
        var distance = byte & 0x7f
        while byte & 0x80 != 0 {
            guard distance < 1 << 48, let following = next() else { return nil }
            byte = following
            distance = (distance + 1) << 7 | byte & 0x7f
        }
        return distance
    }

    mutating func key() -> ObjectKey? {
        guard bytes.count - count >= 20 else { return nil }
        defer { count += 20 }
        return ObjectKey(bytes[count..<count + 20])
    }
}
