internal import FleetModel

/// A new pack made of entries of old ones, byte for byte as they are stored: nothing is inflated, so
/// it needs no memory, whatever the size of the objects.
///
/// Entries that are deltas bring what they are made of. A base comes before what is made of it, and
/// an object is taken from one pack only, so that nothing can be made of itself.
struct PackRewrite {
    private struct Planned {
        var pack: Int
        var offset: Int
        var end: Int
        var base: ObjectKey?
    }

    private let packs: [PackFile]
    private var planned: [Planned] = []
    private var chosen: [ObjectKey: Int] = [:]
    /// Bytes of all chosen entries as they are stored.
    private(set) var bytes = 0

    var count: Int { planned.count }
    var keys: some Sequence<ObjectKey> { chosen.keys }
    var isEmpty: Bool { planned.isEmpty }

    /// Takes every object of `packs` that is wanted.
    init(of packs: [PackFile], where isWanted: (ObjectKey) -> Bool) throws(GitError) {
        self.packs = packs
        for number in packs.indices {
            for (offset, place) in try packs[number].objects() {
                let key = try packs[number].index.key(at: place)
                if isWanted(key) { try choose(key, at: offset, of: number) }
            }
        }
    }

    private mutating func choose(_ key: ObjectKey, at offset: Int, of number: Int) throws(GitError)
    {
        let pack = packs[number]
        var chain: [(key: ObjectKey, Planned)] = []
        var (key, offset) = (key, offset)
        while chosen[key] == nil {
            guard chain.count < 10_000 else {
                throw GitError(.corrupt, "read", pack.path, "its deltas have no end")
            }
            var next = Planned(pack: number, offset: offset, end: try pack.span(at: offset).end)
            switch try pack.entry(at: offset).content {
            case .whole:
                chain.append((key, next))
                return take(chain)
            case .delta(let base):
                let baseKey = try pack.span(at: base).key
                next.base = baseKey
                chain.append((key, next))
                (key, offset) = (baseKey, base)
            case .deltaOf(let base):
                next.base = base
                chain.append((key, next))
                if chosen[base] != nil { break }
                guard let place = try pack.index.place(of: base) else {
                    throw GitError(.corrupt, "read", pack.path, "it lacks \(base.id.text)")
                }
                (key, offset) = (base, try pack.index.offset(at: place))
            }
            if let base = next.base, chosen[base] != nil { break }
        }
        take(chain)
    }

    private mutating func take(_ chain: [(key: ObjectKey, Planned)]) {
        for (key, entry) in chain.reversed() {
            chosen[key] = planned.count
            planned.append(entry)
            bytes += entry.end - entry.offset
        }
    }

    /// Gives the bytes of the new pack, part by part.
    func write(_ body: ([UInt8]) throws(GitError) -> Void) throws(GitError) {
        var checksum = StreamedSHA1()
        func give(_ bytes: [UInt8]) throws(GitError) {
            checksum.update(bytes)
            try body(bytes)
        }
        try give(Array("PACK".utf8) + bigEndian(2) + bigEndian(UInt32(planned.count)))
        for entry in planned {
            let pack = packs[entry.pack]
            let head = try pack.entry(at: entry.offset)
            var at = entry.offset
            if let base = entry.base {
                // By its id: its distance is another one here.
                try give(Self.head(type: 7, size: head.size) + base.bytes)
                at = head.dataOffset
            }
            while at < entry.end {
                let part = try pack.bytes(at: at, count: min(64 << 10, entry.end - at))
                if part.isEmpty { throw GitError(.corrupt, "read", pack.path, "it is cut") }
                try give(part)
                at += part.count
            }
        }
        try body(checksum.finalize())
    }

    private static func head(type: UInt8, size: Int) -> [UInt8] {
        var rest = size >> 4
        var bytes = [type << 4 | UInt8(size & 15)]
        while rest > 0 {
            bytes[bytes.count - 1] |= 0x80
            bytes.append(UInt8(rest & 0x7f))
            rest >>= 7
        }
        return bytes
    }

    private func bigEndian(_ number: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    }
}
