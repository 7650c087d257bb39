/// Which names a tree may hold. A fleet repository is written on machines of all kinds, so a name
/// that some file system reads as `.git` is refused everywhere.
enum TreeNames {
    /// Why a name is refused; nil where it is fine.
    static func objection(to name: ArraySlice<UInt8>) -> String? {
        if name.isEmpty { return "an entry has an empty name" }
        if name.elementsEqual(".".utf8) || name.elementsEqual("..".utf8) {
            return "an entry is named '.' or '..'"
        }
        if name.contains(UInt8(ascii: "/")) { return "an entry's name has a slash in it" }
        guard let text = String(validating: name, as: UTF8.self) else {
            return "an entry's name is not valid UTF-8; rename the file"
        }
        // NTFS takes a backslash for a slash. On Linux it is a letter (systemd's mount units have
        // it in their names), so it is allowed as long as no part is `.git`.
        for part in text.unicodeScalars.split(separator: "\\", omittingEmptySubsequences: false)
        where isDotGit(part) {
            return "an entry's name is '.git' on some file systems; rename the file"
        }
        return nil
    }

    private static func isDotGit(_ part: Substring.UnicodeScalarView) -> Bool {
        var plain: [UInt8] = []
        for scalar in part where !isIgnoredByHFS(scalar) {
            // NTFS: what follows a colon names a stream of the same file.
            if scalar == ":" { break }
            guard scalar.isASCII else { return false }
            let byte = UInt8(truncatingIfNeeded: scalar.value)
            let isUpper = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
            plain.append(isUpper ? byte | 0x20 : byte)
        }
        // NTFS: dots and spaces at the end do not count, and git~1 is the short name.
        while plain.count > 1, plain.last == UInt8(ascii: " ") || plain.last == UInt8(ascii: ".") {
            plain.removeLast()
        }
        return plain.elementsEqual(".git".utf8) || plain.elementsEqual("git~1".utf8)
    }

    /// Code points that HFS+ leaves out when it compares names.
    private static func isIgnoredByHFS(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x200c...0x200f, 0x202a...0x202e, 0x206a...0x206f, 0xfeff: true
        default: false
        }
    }
}
