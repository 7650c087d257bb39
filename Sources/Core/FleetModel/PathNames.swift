/// The rules for the names of a path, which hold on devices and in the repository alike.
enum PathNames {
    /// Checks the names in `path` from byte `start` on and returns them.
    static func check(_ path: String, from start: Int) throws(TextFault) -> [[UInt8]] {
        let bytes = Array(path.utf8)
        if let control = bytes.firstIndex(where: { $0 < 0x20 || $0 == 0x7f }) {
            throw TextFault(
                "the path \(quoted(path)) has a control character",
                fix: "Use names of printable characters.", offset: control)
        }
        guard bytes.count <= Limits.pathBytes else {
            throw TextFault(
                "the path \(quoted(path)) is longer than \(Limits.pathBytes) bytes",
                fix: "Use shorter names.")
        }
        var names: [[UInt8]] = []
        var offset = start
        for name in bytes[start...].split(
            separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        {
            try check(Array(name), at: offset, of: path)
            names.append(Array(name))
            offset += name.count + 1
        }
        return names
    }

    private static func check(_ name: [UInt8], at offset: Int, of path: String) throws(TextFault) {
        switch String(decoding: name, as: UTF8.self) {
        case "":
            throw TextFault(
                "the path \(quoted(path)) has an empty name",
                fix: "Write one slash between names and none at the end.", offset: offset)
        case ".", "..":
            throw TextFault(
                "the path \(quoted(path)) leads through `.` or `..`",
                fix: "Write the path out, without `.` and `..`.", offset: offset)
        default: break
        }
        guard name.count <= Limits.nameBytes else {
            throw TextFault(
                "the path \(quoted(path)) has a name of more than \(Limits.nameBytes) bytes",
                fix: "Use a shorter name.", offset: offset)
        }
    }
}
