internal import Glibc

/// A POSIX access control list, as the kernel keeps it in an attribute.
package struct AccessControlList {
    /// Who may do what with the object itself.
    package static let attribute = "system.posix_acl_access"
    /// What new objects in a folder get.
    package static let defaultAttribute = "system.posix_acl_default"

    private struct Entry {
        var tag: UInt16
        var permissions: UInt16
        var id: UInt32
    }

    private enum Tag {
        static let user: UInt16 = 0x02
        static let group: UInt16 = 0x08
        static let mask: UInt16 = 0x10
    }

    private static let version: UInt32 = 2
    private static let write: UInt16 = 2
    private let entries: [Entry]

    /// Nil for what is no list of the one version that there is.
    package init?(_ bytes: [UInt8]) {
        func number(_ offset: Int, _ count: Int) -> UInt32 {
            (0..<count).reduce(0) { $0 | UInt32(bytes[offset + $1]) << (8 * UInt32($1)) }
        }
        guard bytes.count >= 4, bytes.count % 8 == 4, number(0, 4) == Self.version else {
            return nil
        }
        entries = stride(from: 4, to: bytes.count, by: 8).map { offset in
            Entry(
                tag: UInt16(number(offset, 2)), permissions: UInt16(number(offset + 2, 2)),
                id: number(offset + 4, 4))
        }
    }

    /// Whether it lets a named user or group besides root and this process write. The owner, the
    /// group and all others are told by the mode.
    package var isWritableByOthers: Bool {
        let mask = entries.first { $0.tag == Tag.mask }?.permissions ?? .max
        return entries.contains { entry in
            guard entry.permissions & mask & Self.write != 0, entry.id != 0 else { return false }
            return switch entry.tag {
            case Tag.user: entry.id != geteuid()
            case Tag.group: entry.id != getegid()
            default: false
            }
        }
    }
}

extension Root {
    /// Whether an access control list lets others write a folder, whatever its mode says.
    package func listLetsOthersWrite(_ folder: String) throws(SystemError) -> Bool {
        guard let bytes = try attribute(AccessControlList.attribute, of: folder) else {
            return false
        }
        // A list that can't be read may say anything.
        return AccessControlList(bytes)?.isWritableByOthers ?? true
    }
}
