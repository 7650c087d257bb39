internal import CLinux
internal import FleetModel
internal import Glibc

extension Root {
    /// Makes one folder with exactly this mode and owner, in one instant: under another name first,
    /// so that nobody ever sees it half made.
    package func makeFolder(
        _ path: String, mode: UInt16 = 0o755, owner: FileOwner? = nil
    ) throws(SystemError) {
        let temporary = ".\(DevicePath.name(of: path)).new"
        let temporaryPath = DevicePath.join(DevicePath.parent(of: path), temporary)
        // What a crash left behind.
        if try exists(temporaryPath) { try removeFolder(temporaryPath) }
        try makeHiddenFolder(temporaryPath, mode: mode, owner: owner)
        do throws(SystemError) {
            try rename(temporaryPath, to: path, replacing: false)
        } catch {
            try? removeFolder(temporaryPath)
            throw SystemError(operation: "make the folder", path: path, code: error.code)
        }
    }

    /// The same where nobody looks yet, so that it needs no other name first.
    package func makeHiddenFolder(
        _ path: String, mode: UInt16, owner: FileOwner? = nil
    ) throws(SystemError) {
        let place = try openParent(of: path, to: "make the folder")
        let (descriptor, name) = (place.folder.raw, place.name)
        try willChange("make the folder", path)
        try systemCall("make the folder", path) { unsafe mkdirat(descriptor, name, 0o700) }
        try willChange("set the mode of", path)
        let raw = try systemCall("make the folder", path) {
            unsafe openat(descriptor, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        }
        let folder = FileDescriptor(owning: raw, path: path)
        try folder.setOwner(owner)
        try folder.setMode(mode)
    }

    /// Makes a folder and those above it where they are missing, and returns what it made, from the
    /// top. One that is already there stays as it is. What it made is durable.
    @discardableResult
    package func makeFolders(_ path: String, mode: UInt16 = 0o755) throws(SystemError) -> [String] {
        var made: [String] = []
        for folder in DevicePath.ancestors(of: path) + [path] {
            if try status(of: folder) == nil {
                try makeFolder(folder, mode: mode)
                try syncFolder(DevicePath.parent(of: folder))
                made.append(folder)
            }
        }
        return made
    }

    /// Removes an empty folder.
    package func removeFolder(_ path: String) throws(SystemError) {
        let place = try openParent(of: path, to: "remove the folder")
        let (descriptor, name) = (place.folder.raw, place.name)
        try willChange("remove the folder", path)
        try systemCall("remove the folder", path) {
            unsafe unlinkat(descriptor, name, AT_REMOVEDIR)
        }
    }

    /// Removes a file, a link, or a folder with all that is in it. Nothing there is fine. Never
    /// follows a link, never enters what is mounted there, and refuses to go deeper than any tree of
    /// ours.
    package func removeTree(_ path: String) throws(SystemError) {
        do throws(SystemError) {
            let place = try openParent(of: path, to: "remove")
            try willChange("remove", path)
            try remove(FolderEntryName(place.name), in: place.folder, path: path, depth: 0)
        } catch {
            if !error.isMissing { throw error }
        }
    }

    /// The names in a folder, in the order of their bytes; nil where there is no folder. More than
    /// `limit` of them are an error.
    package func listFolder(_ path: String, limit: Int) throws(SystemError) -> [String]? {
        do throws(SystemError) {
            let folder = try openFolder(path, to: "list")
            return try entryNames(of: folder, path: path, limit: limit).map(\.text)
                .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        } catch {
            if error.isMissing { return nil }
            throw error
        }
    }

    /// Returns when the names in a folder are on the disk.
    package func syncFolder(_ path: String) throws(SystemError) {
        let folder = try openFolder(path, to: "synchronise")
        try willChange("synchronise", path)
        try folder.synchronise()
    }
}

extension Root {
    /// Opens a folder, which is made with those above it where it is missing.
    package init(makingAt hostPath: String, mode: UInt16 = 0o700) throws(SystemError) {
        do throws(SystemError) {
            self = try Root(hostPath)
        } catch {
            guard error.isMissing else { throw error }
            try Root("/").makeFolders(hostPath, mode: mode)
            self = try Root(hostPath)
        }
    }
}

/// Entries that one folder may have when a tree is removed.
private let removableEntries = 1_000_000
private let removableDepth = Limits.treeDepth * 2

private func remove(
    _ name: FolderEntryName, in parent: borrowing FileDescriptor, path: String, depth: Int
) throws(SystemError) {
    let descriptor = parent.raw
    do throws(SystemError) {
        try systemCall("remove", path) {
            unsafe name.withPointer {
                unsafe unlinkat(descriptor, $0, 0)
            }
        }
        return
    } catch {
        // Linux says EISDIR, POSIX EPERM, for a folder.
        if error.code != EISDIR && error.code != EPERM { throw error }
    }
    guard depth < removableDepth else {
        throw SystemError(
            operation: "remove", path: path, code: ELOOP,
            advice: "its folders are nested more than \(removableDepth) deep")
    }
    let folder = try openWithin(parent, name, path)
    for entry in try entryNames(of: folder, path: path, limit: removableEntries) {
        try remove(entry, in: folder, path: DevicePath.join(path, entry.text), depth: depth + 1)
    }
    try systemCall("remove", path) {
        unsafe name.withPointer {
            unsafe unlinkat(descriptor, $0, AT_REMOVEDIR)
        }
    }
}

/// Opens a folder to be emptied, but not one of another file system: what is mounted in a tree of
/// ours belongs to somebody else.
private func openWithin(
    _ parent: borrowing FileDescriptor, _ name: FolderEntryName, _ path: String
) throws(SystemError) -> FileDescriptor {
    let descriptor = parent.raw
    let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
    do throws(SystemError) {
        let raw = try systemCall("remove", path) {
            unsafe name.withPointer {
                unsafe flotilla_openat2(
                    descriptor, $0, UInt64(flags), 0,
                    UInt64(RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH))
            }
        }
        return FileDescriptor(owning: raw, path: path)
    } catch {
        // Kernels before 5.6 can't tell; unlinking a mount point still fails there.
        guard error.code == ENOSYS else { throw error }
        let raw = try systemCall("remove", path) {
            unsafe name.withPointer { unsafe openat(descriptor, $0, flags) }
        }
        return FileDescriptor(owning: raw, path: path)
    }
}
