package import FleetModel
internal import Glibc

extension ObjectStore {
    /// Hands over the bytes of a blob part by part; false where it is not there. More than `limit`
    /// bytes are an error, found before any of them is read.
    ///
    /// A large blob that is stored as it is takes no memory. One that is stored as the difference to
    /// another is read whole: libgit2 knows no other way. Every byte is hashed; where the hash is not
    /// the blob's id, this throws at the end, so nobody may believe the bytes before.
    package func readBlob(
        _ id: ObjectID, limit: Int, _ body: ([UInt8]) throws -> Void
    ) throws -> Bool {
        guard let size = try blobSize(id) else { return false }
        guard size <= limit else {
            throw GitError(
                .tooLarge, "read object", id.text,
                "it has \(size) bytes, more than the \(limit) that are allowed")
        }
        if size > Self.streamedBytes, try stream(id, size: size, body) { return true }
        guard let bytes = try blob(id, limit: limit) else { return false }
        try body(bytes)
        return true
    }

    /// Smaller blobs are read at once, which is quicker.
    private static let streamedBytes = 256 << 10
    private static let chunk = 64 << 10

    private func stream(
        _ id: ObjectID, size: Int, _ body: ([UInt8]) throws -> Void
    ) throws -> Bool {
        let key = ObjectKey(id)
        if let (pack, offset) = try packed(key) {
            let entry = try pack.entry(at: offset)
            guard entry.content == .whole(.blob) else { return false }
            var at = entry.dataOffset
            try inflate(id, size: size, skipsHead: false, body) { () throws(GitError) in
                let part = try pack.bytes(at: at, count: Self.chunk)
                at += part.count
                return part
            }
            return true
        }
        let path = loosePath(of: id)
        guard folder.hasFile(path) else { return false }
        let file = try OpenFile(path: path, flags: O_RDONLY)
        var at = 0
        try inflate(id, size: size, skipsHead: true, body) { () throws(GitError) in
            let part = try file.read(at: at, count: Self.chunk)
            at += part.count
            return part
        }
        return true
    }

    private func packed(_ key: ObjectKey) throws(GitError) -> (PackFile, offset: Int)? {
        for pack in try openPacks() {
            if let place = try pack.index.place(of: key) {
                return (pack, try pack.index.offset(at: place))
            }
        }
        return nil
    }

    private func inflate(
        _ id: ObjectID, size: Int, skipsHead: Bool, _ body: ([UInt8]) throws -> Void,
        next: () throws(GitError) -> [UInt8]
    ) throws {
        let damaged = GitError(.corrupt, "read object", id.text, "its bytes are not what it says")
        let head = Array("blob \(size)\0".utf8)
        var hasher = StreamedSHA1()
        hasher.update(head)
        var skip = skipsHead ? head.count : 0
        var left = size
        let inflater = try Inflater()
        while !inflater.hasEnded {
            let input = try next()
            guard !input.isEmpty else { throw damaged }
            try inflater.feed(input, chunk: Self.chunk) { part in
                let content = Array(part.dropFirst(skip))
                skip -= part.count - content.count
                left -= content.count
                guard left >= 0 else { throw damaged }
                hasher.update(content)
                try body(content)
            }
        }
        guard left == 0, ObjectID(hasher.finalize()[...]) == id else { throw damaged }
    }

    func loosePath(of id: ObjectID) -> String {
        "\(folder.objects)/\(id.text.prefix(2))/\(id.text.dropFirst(2))"
    }
}
