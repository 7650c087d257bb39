/// Where the objects of a pack are: the second version of Git's index, as libgit2 writes it.
struct PackIndex {
    private let file: MappedFile
    private let path: String
    let count: Int

    private static let fanout = 8
    private static let ids = fanout + 256 * 4
    private var checksums: Int { Self.ids + count * 20 }
    private var offsets: Int { checksums + count * 4 }
    private var largeOffsets: Int { offsets + count * 4 }

    init(_ path: String) throws(GitError) {
        self.path = path
        file = try MappedFile(path)
        guard try file.number32(at: 0) == 0xff74_4f63, try file.number32(at: 4) == 2 else {
            throw GitError(
                .corrupt, "read", path, "it is no index of the second version; remove it")
        }
        count = try file.number32(at: Self.fanout + 255 * 4)
        // Two checksums end it.
        guard file.count >= Self.ids + count * 28 + 40 else { throw file.isCut }
    }

    /// The place of an object in the order of ids; nil where the pack does not have it.
    func place(of key: ObjectKey) throws(GitError) -> Int? {
        var low = key.first == 0 ? 0 : try file.number32(at: Self.fanout + (key.first - 1) * 4)
        var high = min(count, try file.number32(at: Self.fanout + key.first * 4))
        while low < high {
            let middle = (low + high) / 2
            let found = try self.key(at: middle)
            if found == key { return middle }
            if found < key { low = middle + 1 } else { high = middle }
        }
        return nil
    }

    func key(at place: Int) throws(GitError) -> ObjectKey {
        try file.key(at: Self.ids + place * 20)
    }

    /// Where in the pack the object begins.
    func offset(at place: Int) throws(GitError) -> Int {
        let offset = try file.number32(at: offsets + place * 4)
        guard offset & 0x8000_0000 != 0 else { return offset }
        return try file.number64(at: largeOffsets + (offset & 0x7fff_ffff) * 8)
    }
}
