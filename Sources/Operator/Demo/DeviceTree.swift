internal import Foundation

/// Everything that stands below a device's root, byte by byte, as the file system tells it: none of
/// the product's code has a say in it.
package struct DeviceTree: Equatable, Sendable {
    package enum Content: Equatable, Sendable {
        case file([UInt8])
        case folder
        /// A symbolic link, and the bytes that a reader finds through it; nil where it leads to
        /// nothing.
        case link(readsAs: [UInt8]?)
        case other
    }

    /// Changes whenever anything about a file is changed, even to the same again.
    package struct Identity: Equatable, Sendable {
        var inode: UInt64
        var changedSeconds: Int
        var changedNanoseconds: Int

        /// When, since 1970.
        var changedMilliseconds: Int { changedSeconds * 1_000 + changedNanoseconds / 1_000_000 }
    }

    package struct Entry: Equatable, Sendable {
        package var content: Content
        /// Of a link: the mode of what it leads to.
        package var mode: UInt16
        package var owner: UInt32
        /// Nil in what is only expected.
        var identity: Identity?

        package init(_ content: Content, mode: UInt16, owner: UInt32 = 0) {
            self.content = content
            self.mode = mode
            self.owner = owner
        }
    }

    package var entries: [String: Entry] = [:]

    package init() {}

    /// The agent's own folders, which are not part of what it manages.
    private static let agentFolders: Set<String> = [
        "/etc/flotilla", "/run/flotilla", "/var/lib/flotilla",
    ]

    package init(below root: String) throws {
        var pending = [""]
        while let folder = pending.popLast() {
            for name in try FileManager.default.contentsOfDirectory(atPath: root + folder) {
                let path = "\(folder)/\(name)"
                guard !Self.agentFolders.contains(path),
                    let entry = try Self.entry(at: root + path)
                else { continue }
                entries[path] = entry
                if entry.content == .folder { pending.append(path) }
            }
        }
    }

    /// Nil where it is gone meanwhile: the agent may be at work.
    private static func entry(at path: String) throws -> Entry? {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT { return nil }
            throw DemoError("\(path) can't be examined: \(String(cString: strerror(errno)))")
        }
        let identity = Identity(
            inode: UInt64(status.st_ino), changedSeconds: status.st_ctim.tv_sec,
            changedNanoseconds: status.st_ctim.tv_nsec)
        let content: Content
        switch status.st_mode & S_IFMT {
        case S_IFDIR: content = .folder
        case S_IFREG:
            content = .file(FileManager.default.contents(atPath: path).map(Array.init) ?? [])
        case S_IFLNK:
            content = .link(readsAs: FileManager.default.contents(atPath: path).map(Array.init))
            _ = stat(path, &status)
        default: content = .other
        }
        var entry = Entry(
            content, mode: UInt16(status.st_mode & 0o7777), owner: UInt32(status.st_uid))
        entry.identity = identity
        return entry
    }

    /// The same without what tells whether it was touched.
    package var withoutIdentities: DeviceTree {
        var tree = self
        for path in tree.entries.keys { tree.entries[path]?.identity = nil }
        return tree
    }
}
