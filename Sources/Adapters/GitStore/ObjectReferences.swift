internal import FleetModel

/// An object whose bytes are not what Git writes.
struct MalformedObject: Error {
    var message: String
}

/// The ids that a commit's header names. Only these lines are read; the rest of the commit is for
/// the one who verifies its signature.
struct CommitReferences {
    var tree: ObjectID
    var parents: [ObjectID] = []

    init(commit bytes: [UInt8]) throws(MalformedObject) {
        var rest = bytes[...]
        guard let tree = Self.takeLine("tree ", from: &rest) else {
            throw MalformedObject(message: "the commit does not begin with its tree")
        }
        self.tree = tree
        while let parent = Self.takeLine("parent ", from: &rest) { parents.append(parent) }
    }

    private static func takeLine(_ key: String, from rest: inout ArraySlice<UInt8>) -> ObjectID? {
        let length = key.utf8.count + 41
        let line = rest.prefix(length)
        guard line.count == length, line.starts(with: key.utf8), line.last == UInt8(ascii: "\n")
        else { return nil }
        let digits = String(decoding: line.dropFirst(key.utf8.count).dropLast(), as: UTF8.self)
        guard let id = ObjectID(digits) else { return nil }
        rest = rest.dropFirst(length)
        return id
    }
}

/// One entry of a tree object as it is stored.
struct RawTreeEntry {
    var mode: UInt32
    var name: ArraySlice<UInt8>
    var id: ObjectID

    static let folderMode: UInt32 = 0o040000
    static let gitlinkMode: UInt32 = 0o160000

    /// The entries of a tree object: `mode SP name NUL id`, again and again.
    static func parse(tree bytes: [UInt8]) throws(MalformedObject) -> [RawTreeEntry] {
        var entries: [RawTreeEntry] = []
        try cut(tree: bytes) { mode, name, id in
            entries.append(RawTreeEntry(mode: mode, name: name, id: ObjectID(id)))
        }
        return entries
    }

    /// The same without names, for who looks at many trees.
    static func visit(
        tree bytes: [UInt8], _ body: (UInt32, ObjectKey) -> Void
    ) throws(MalformedObject) {
        try cut(tree: bytes) { mode, _, id in body(mode, ObjectKey(id)) }
    }

    private static func cut(
        tree bytes: [UInt8], _ body: (UInt32, ArraySlice<UInt8>, ArraySlice<UInt8>) -> Void
    ) throws(MalformedObject) {
        var count = 0
        var rest = bytes[...]
        while !rest.isEmpty {
            guard count < Limits.treeEntries else {
                throw MalformedObject(
                    message: "the folder has more than \(Limits.treeEntries) entries")
            }
            count += 1
            guard let space = rest.prefix(8).firstIndex(of: UInt8(ascii: " ")),
                let mode = octal(rest[..<space]),
                let end = rest[space...].firstIndex(of: 0), rest.endIndex - end > 20
            else {
                throw MalformedObject(message: "entry \(count) is cut or malformed")
            }
            body(mode, rest[(space + 1)..<end], rest[(end + 1)...(end + 20)])
            rest = rest[(end + 21)...]
        }
    }

    private static func octal(_ digits: ArraySlice<UInt8>) -> UInt32? {
        guard !digits.isEmpty else { return nil }
        var value: UInt32 = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(digit) else { return nil }
            value = value << 3 | UInt32(digit - UInt8(ascii: "0"))
        }
        return value
    }
}
