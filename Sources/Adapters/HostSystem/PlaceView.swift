internal import CLinux
internal import Glibc

/// This process in a mount namespace of its own, where files stand at paths at which nobody else sees
/// them. Nothing on the disk is touched: a file stands over another one, and a folder that lacks an
/// entry, or has one too many, is put together again in memory from what it holds.
package struct PlaceView {
    private var root: Root
    /// Folders in memory, where entries can be made.
    private var ours: Set<String> = []

    /// Names in one folder that is put together again: each is a mount.
    private static let entryLimit = 20_000

    /// Leaves the machine's own view. Only root may. `path` is where the device's root stands.
    package init(of path: String) throws(SystemError) {
        try systemCall("leave", "the machine's mounts") { unshare(CLONE_NEWNS) }
        try Self.mount("none", at: "/", flags: flotilla_mount_recursive | flotilla_mount_private)
        // Folders that were opened before show the machine's view.
        root = try Root(path)
    }

    /// Lets what stands at a host's path be seen as the file at `path`.
    package mutating func place(_ source: String, at path: String) throws(SystemError) {
        if try root.status(of: path)?.kind != .file {
            try clear(path)
            try root.createFile(path, contents: [], mode: 0o600)
        }
        try Self.mount(source, at: root.hostPath(of: path), flags: flotilla_mount_bind)
    }

    package mutating func link(_ target: String, at path: String) throws(SystemError) {
        if try root.status(of: path)?.kind == .symbolicLink, try root.readLink(path) == target {
            return
        }
        try clear(path)
        try root.symbolicLink(target, at: path)
    }

    package mutating func folder(_ path: String, mode: UInt16) throws(SystemError) {
        if try root.status(of: path)?.kind == .directory { return }
        try clear(path)
        try root.makeFolder(path, mode: mode)
        ours.insert(path)
    }

    package mutating func remove(_ path: String) throws(SystemError) {
        if try root.exists(path) { try clear(path) }
    }

    // MARK: Folders

    /// Nothing stands at `path` afterwards, and its parent is a folder of ours.
    private mutating func clear(_ path: String) throws(SystemError) {
        let parent = DevicePath.parent(of: path)
        if try root.status(of: parent)?.kind == .directory {
            if !ours.contains(parent) { try remake(parent, without: DevicePath.name(of: path)) }
        } else {
            try folder(parent, mode: 0o755)
        }
        guard let status = try root.status(of: path) else { return }
        // It is a mount of ours, unless an earlier entry made it.
        if status.kind != .symbolicLink {
            let place = root.hostPath(of: path)
            _ = unsafe umount2(place, Int32(MNT_DETACH))
        }
        if status.kind == .directory {
            try root.removeTree(path)
        } else {
            try root.unlink(path)
        }
    }

    /// Puts a folder together again, in memory, from its own entries.
    private mutating func remake(_ path: String, without name: String) throws(SystemError) {
        guard path != "/" else {
            throw SystemError(
                operation: "show a new name in", path: "/", code: EINVAL,
                advice: "make the folder first, with a release of its own")
        }
        let place = root.hostPath(of: path)
        guard let status = try root.status(of: path),
            let names = try root.listFolder(path, limit: Self.entryLimit)
        else { throw SystemError(operation: "show", path: path, code: ENOENT) }
        let original = try Root(place)
        let raw = try systemCall("open", place) {
            unsafe open(place, flotilla_o_path | O_DIRECTORY | O_CLOEXEC)
        }
        let source = FileDescriptor(owning: raw, path: place)
        let options =
            "mode=\(String(status.mode, radix: 8)),uid=\(status.owner.user),gid=\(status.owner.group)"
        try Self.mount("none", at: place, kind: "tmpfs", options: options)
        ours.insert(path)
        for entry in names where entry != name {
            let here = DevicePath.join(path, entry)
            let there = "/proc/self/fd/\(source.raw)/\(entry)"
            switch try original.status(of: "/\(entry)")?.kind {
            case nil: continue
            case .symbolicLink:
                try root.symbolicLink(original.readLink("/\(entry)") ?? "", at: here)
            case .directory:
                try root.makeFolder(here, mode: 0o700)
                try Self.mount(
                    there, at: root.hostPath(of: here),
                    flags: flotilla_mount_bind | flotilla_mount_recursive)
            case .file, .other:
                try root.createFile(here, contents: [], mode: 0o600)
                try Self.mount(there, at: root.hostPath(of: here), flags: flotilla_mount_bind)
            }
        }
    }

    private static func mount(
        _ source: String, at target: String, kind: String? = nil, flags: UInt = 0,
        options: String? = nil
    ) throws(SystemError) {
        try systemCall("show something at", target) {
            unsafe Glibc.mount(source, target, kind, flags, options)
        }
    }
}
