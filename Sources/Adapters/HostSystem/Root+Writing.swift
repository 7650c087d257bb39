internal import CLinux
internal import Glibc

extension Root {
    /// Makes a new file; something that already stands there is an error. When it returns, mode and
    /// owner are set and, with `durable`, the bytes are on the disk. On an error nothing is left.
    package func createFile(
        _ path: String, contents: [UInt8], mode: UInt16, owner: FileOwner? = nil,
        durable: Bool = true
    ) throws(SystemError) {
        let place = try openParent(of: path, to: "create")
        try willChange("create", path)
        // Nobody else may read what is not yet whole.
        let file = try place.open(O_WRONLY | O_CREAT | O_EXCL, mode: 0o600, to: "create")
        do throws(SystemError) {
            // The owner first: a change of owner takes the set-user-ID bits away.
            try file.setOwner(owner)
            try willChange("write", path)
            try file.write(contents)
            try file.setMode(mode)
            try willChange("synchronise", path)
            if durable { try file.synchronise() }
        } catch {
            // The first error is the one to tell.
            try? unlink(path)
            throw error
        }
    }

    /// Begins a new file whose bytes come part by part, in the place of a file that stands there.
    /// Whoever does not come to its end removes it.
    package func beginFile(
        _ path: String, owner: FileOwner? = nil
    ) throws(SystemError) -> GrowingFile {
        do throws(SystemError) {
            return try beginNewFile(path, owner: owner)
        } catch {
            guard error.isAlreadyThere else { throw error }
            try unlink(path, missingIsFine: true)
            return try beginNewFile(path, owner: owner)
        }
    }

    private func beginNewFile(
        _ path: String, owner: FileOwner?
    ) throws(SystemError) -> GrowingFile {
        let place = try openParent(of: path, to: "create")
        try willChange("create", path)
        let file = try place.open(O_WRONLY | O_CREAT | O_EXCL, mode: 0o600, to: "create")
        try file.setOwner(owner)
        try willChange("write", path)
        return GrowingFile(root: self, file: file, path: path)
    }

    /// Replaces a file in one instant and durably, with a new one beside it: whatever happens, the
    /// old bytes or the new ones stand there.
    package func replaceFile(
        _ path: String, with bytes: [UInt8], mode: UInt16, owner: FileOwner? = nil
    ) throws(SystemError) {
        let folder = DevicePath.parent(of: path)
        // Always the same name: what a crash leaves behind is overwritten, and does not pile up.
        let temporary = DevicePath.join(folder, ".\(DevicePath.name(of: path)).new")
        try unlink(temporary, missingIsFine: true)
        try createFile(temporary, contents: bytes, mode: mode, owner: owner)
        try rename(temporary, to: path)
        try syncFolder(folder)
    }

    /// Adds to the end of a file that is there. On an error, or after a crash, some of the bytes may
    /// stand there: whoever appends must know the end of what is whole.
    package func appendFile(
        _ path: String, _ bytes: [UInt8], durable: Bool
    ) throws(SystemError) {
        let place = try openParent(of: path, to: "append to")
        try willChange("append to", path)
        let file = try place.open(O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY, to: "append to")
        try file.write(bytes)
        try willChange("synchronise", path)
        if durable { try file.synchronise() }
    }

    /// Moves in one instant. What stood at `new` is gone, unless `replacing` is false, when it is an
    /// error.
    package func rename(
        _ old: String, to new: String, replacing: Bool = true
    ) throws(SystemError) {
        let from = try openParent(of: old, to: "rename")
        let to = try openParent(of: new, to: "rename to")
        let (fromFolder, fromName) = (from.folder.raw, from.name)
        let (toFolder, toName) = (to.folder.raw, to.name)
        try willChange("rename", new)
        let flags: UInt32 = replacing ? 0 : UInt32(RENAME_NOREPLACE)
        do throws(SystemError) {
            try systemCall("rename", old) {
                unsafe flotilla_renameat2(fromFolder, fromName, toFolder, toName, flags)
            }
        } catch {
            if !replacing && error.code == EINVAL {
                // A file system without the flag. Only we write here, so looking first will do.
                return try renameAfterLooking(old, to: new)
            }
            var error = error
            error.advice = "it was to become \(new)"
            throw error
        }
    }

    private func renameAfterLooking(_ old: String, to new: String) throws(SystemError) {
        guard try !exists(new) else {
            throw SystemError(operation: "rename", path: old, code: EEXIST)
        }
        try rename(old, to: new)
    }

    /// Lets two names change places in one instant. Where the file system can't do that, the error's
    /// `isExchangeRefused` is true, and nothing has changed.
    package func exchange(_ one: String, _ other: String) throws(SystemError) {
        let from = try openParent(of: one, to: "exchange")
        let to = try openParent(of: other, to: "exchange")
        let (fromFolder, fromName) = (from.folder.raw, from.name)
        let (toFolder, toName) = (to.folder.raw, to.name)
        try willChange("exchange", other)
        try systemCall("exchange", other) {
            unsafe flotilla_renameat2(
                fromFolder, fromName, toFolder, toName, UInt32(RENAME_EXCHANGE))
        }
    }

    package func hardLink(_ old: String, at new: String) throws(SystemError) {
        let from = try openParent(of: old, to: "link")
        let to = try openParent(of: new, to: "link")
        let (fromFolder, fromName) = (from.folder.raw, from.name)
        let (toFolder, toName) = (to.folder.raw, to.name)
        try willChange("link", new)
        try systemCall("link", new) {
            unsafe linkat(fromFolder, fromName, toFolder, toName, 0)
        }
    }

    /// Makes a symbolic link at `path` with the text `target`.
    package func symbolicLink(_ target: String, at path: String) throws(SystemError) {
        let place = try openParent(of: path, to: "link")
        let (descriptor, name) = (place.folder.raw, place.name)
        try willChange("link", path)
        try systemCall("link", path) { unsafe symlinkat(target, descriptor, name) }
    }

    /// Removes anything but a folder.
    package func unlink(_ path: String, missingIsFine: Bool = false) throws(SystemError) {
        do throws(SystemError) {
            let place = try openParent(of: path, to: "remove")
            let (descriptor, name) = (place.folder.raw, place.name)
            try willChange("remove", path)
            try systemCall("remove", path) { unsafe unlinkat(descriptor, name, 0) }
        } catch {
            if missingIsFine && error.isMissing { return }
            throw error
        }
    }

    /// Sets the permission bits of a file or folder; never of what a link points to.
    package func setMode(_ path: String, _ mode: UInt16) throws(SystemError) {
        let place = try openParent(of: path, to: "set the mode of")
        let file = try place.open(O_RDONLY | O_NONBLOCK | O_NOCTTY, to: "set the mode of")
        try willChange("set the mode of", path)
        try file.setMode(mode)
    }

    /// Sets the owner of anything, of a link itself. The kernel may take set-user-ID bits away, so
    /// the mode is set afterwards.
    package func setOwner(_ path: String, _ owner: FileOwner) throws(SystemError) {
        let place = try openParent(of: path, to: "set the owner of")
        let (descriptor, name) = (place.folder.raw, place.name)
        try willChange("set the owner of", path)
        try systemCall("set the owner of", path) {
            unsafe fchownat(descriptor, name, owner.user, owner.group, AT_SYMLINK_NOFOLLOW)
        }
    }
}

/// A new file that nobody else may read yet.
package struct GrowingFile: ~Copyable {
    private let root: Root
    private let file: FileDescriptor
    private let path: String

    init(root: Root, file: consuming FileDescriptor, path: String) {
        self.root = root
        self.file = file
        self.path = path
    }

    package func write(_ bytes: [UInt8]) throws(SystemError) { try file.write(bytes) }

    /// Gives it its mode and, with `durable`, returns when its bytes are on the disk.
    package func end(mode: UInt16, durable: Bool = true) throws(SystemError) {
        try file.setMode(mode)
        guard durable else { return }
        try root.willChange("synchronise", path)
        try file.synchronise()
    }
}

extension FileDescriptor {
    package func setMode(_ mode: UInt16) throws(SystemError) {
        let descriptor = raw
        try systemCall("set the mode of", path) { fchmod(descriptor, UInt32(mode)) }
    }

    package func setOwner(_ owner: FileOwner?) throws(SystemError) {
        guard let owner else { return }
        let descriptor = raw
        try systemCall("set the owner of", path) { fchown(descriptor, owner.user, owner.group) }
    }
}
