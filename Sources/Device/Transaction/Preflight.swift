package import DeviceRecords
package import FleetModel
internal import HostSystem

/// Looks before anything is touched: can the disk hold this generation at all?
package struct Preflight {
    package struct Problem: Equatable, Sendable, CustomStringConvertible {
        package var path: String
        package var bundle: String
        package var message: String
        package var fix: String

        package var description: String { "\(path) (bundle \(bundle)): \(message) \(fix)" }
    }

    private let root: Root
    private let saved: SavedFiles
    private let footprint: Footprint
    private let leaving: Set<String>
    private var inspector: Inspector
    private var folders: [String: FolderVerdict] = [:]
    private var readOnly: [String: Bool] = [:]
    private let directories: [String: DesiredDirectory]

    private init(state: DesiredState, store: RecordStore) throws {
        root = store.root.keepingFolders()
        saved = try Originals(store: store).read()
        directories = Dictionary(
            state.directories.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
        footprint = Footprint(of: state)
        leaving = Set(saved.leaving(footprint))
        inspector = Inspector(root: root)
    }

    /// Everything that stands in the way of a state, sorted by path; empty when it can be placed.
    package static func problems(
        placing state: DesiredState, store: RecordStore
    ) throws(TransactionError) -> [Problem] {
        try asTransaction { try findProblems(placing: state, store: store) }
    }

    private static func findProblems(
        placing state: DesiredState, store: RecordStore
    ) throws -> [Problem] {
        var preflight = try Preflight(state: state, store: store)
        var problems: [Problem] = []
        for directory in state.directories {
            if let (message, fix) = try preflight.judge(directory) {
                problems.append(
                    Problem(
                        path: directory.path, bundle: directory.bundle, message: message, fix: fix))
            }
        }
        for file in state.files {
            if let (message, fix) = try preflight.judge(file) {
                problems.append(
                    Problem(path: file.path, bundle: file.bundle, message: message, fix: fix))
            }
        }
        return problems.sorted { $0.path < $1.path }
    }

    private typealias Objection = (message: String, fix: String)

    // MARK: One path

    private mutating func judge(
        _ directory: DesiredDirectory
    ) throws -> Objection? {
        if let objection = try judgePlace(directory.path, directory.owner) { return objection }
        let status = try root.standing(at: directory.path)
        guard let status, status.kind != .directory, saved.originals[directory.path] == nil
        else { return nil }
        return (
            "a \(status.kind.rawValue) stands where the directory should be.",
            "Move it away on the device, or choose another path."
        )
    }

    private mutating func judge(_ file: DesiredFile) throws -> Objection? {
        if footprint.parents.contains(file.path) {
            return (
                "other managed paths are below this file.", "Choose another path for the file."
            )
        }
        if let objection = try judgePlace(file.path, file.owner) { return objection }
        let status = try root.standing(at: file.path)
        guard let status else { return nil }
        switch status.kind {
        case .other:
            return (
                "a device, pipe or socket stands where the file should be.",
                "Choose another path."
            )
        case .directory where try !becomesEmpty(file.path):
            return (
                "a directory stands where the file should be.",
                "Move it away on the device, or choose another path."
            )
        case .file where status.size > Limits.fileBytes && saved.originals[file.path] == nil:
            return (
                "the file that stands there is too large to be kept for the way back.",
                "Move it away on the device."
            )
        case .file, .directory, .symbolicLink:
            guard try root.isMountPoint(file.path) else { return nil }
            return (
                "it is a mount point, and can't be replaced.",
                "Manage the file where the mount comes from."
            )
        }
    }

    private mutating func judgePlace(
        _ path: String, _ ownership: Ownership
    ) throws -> Objection? {
        if DevicePath.isAt(path, orBelow: StateLayout.state) {
            return (
                "it is in the agent's own state folder \(StateLayout.state).",
                "Choose another path."
            )
        }
        do {
            _ = try inspector.owner(of: ownership)
        } catch let error as SystemError where error.isMissing {
            return (
                "this device does not know the owner \(ownership).",
                "Create the user and the group on the device, or name those that it has."
            )
        }
        switch try verdict(on: DevicePath.parent(of: path)) {
        case .refused(let message, let fix): return (message, fix)
        case .usable(let nearest, _):
            guard try isReadOnly(nearest) else { return nil }
            return (
                "\(nearest) is on a read-only file system.",
                "Mount it writable, or manage the path elsewhere."
            )
        }
    }

    /// Whether a folder is ours and holds only what leaves with the move.
    private func becomesEmpty(_ path: String) throws -> Bool {
        guard saved.originals[path] == .absent else { return false }
        let names = try root.listFolder(path, limit: Limits.files) ?? []
        for name in names {
            let inner = DevicePath.join(path, name)
            guard saved.originals[inner] == .absent, leaving.contains(inner) else { return false }
            let status = try root.standing(at: inner)
            if status?.kind == .directory, try !becomesEmpty(inner) { return false }
        }
        return true
    }

    // MARK: Folders

    private enum FolderVerdict {
        /// It is there, or will be made below the nearest one that is.
        case usable(nearest: String, isThere: Bool)
        case refused(message: String, fix: String)
    }

    private mutating func verdict(on folder: String) throws -> FolderVerdict {
        if let known = folders[folder] { return known }
        let verdict = try judgeFolder(folder)
        folders[folder] = verdict
        return verdict
    }

    private mutating func judgeFolder(_ folder: String) throws -> FolderVerdict {
        var nearest = folder
        var status: FileStatus?
        if folder == "/" {
            status = try root.standing(at: folder)
        } else {
            let above = try verdict(on: DevicePath.parent(of: folder))
            guard case .usable(let place, let isThere) = above else { return above }
            nearest = place
            if isThere {
                status = try root.standing(at: folder)
            }
        }
        var accesses: [Access] = []
        if let declared = try declaredAccess(of: folder) { accesses.append(declared) }
        let isThere = status?.kind == .directory
        if let status {
            if !isThere, let refusal = try judgeObstacle(folder, status) { return refusal }
            if isThere { accesses.append(Access(mode: status.mode, owner: status.owner)) }
        }
        for access in accesses
        where FileStatus.isWritableByOthers(mode: access.mode, owner: access.owner) {
            return .refused(
                message: "others than root may write the folder \(folder), "
                    + "so they decide what stands in it.",
                fix: "Give the folder to root and take the others' right to write, "
                    + "or manage the file elsewhere.")
        }
        return .usable(nearest: isThere ? folder : nearest, isThere: isThere)
    }

    /// Nil where what is in the way is our own, and goes.
    private func judgeObstacle(
        _ folder: String, _ status: FileStatus
    ) throws -> FolderVerdict? {
        if saved.originals[folder] != nil { return nil }
        guard status.kind == .symbolicLink else {
            return .refused(
                message: "\(folder) is a \(status.kind.rawValue) and not a folder.",
                fix: "Move it away on the device, or choose another path.")
        }
        let target = try root.readLink(folder) ?? ""
        let real = DevicePath.resolve(target, from: DevicePath.parent(of: folder))
        return .refused(
            message: "its folder \(folder) is a symbolic link to \(target).",
            fix: "Links are not followed: manage the path below \(real) instead.")
    }

    private mutating func declaredAccess(
        of folder: String
    ) throws -> Access? {
        guard let declared = directories[folder] else { return nil }
        return Access(mode: declared.mode, owner: try inspector.owner(of: declared.owner))
    }

    private mutating func isReadOnly(_ folder: String) throws -> Bool {
        if let known = readOnly[folder] { return known }
        let isReadOnly = try root.isReadOnly(folder)
        readOnly[folder] = isReadOnly
        return isReadOnly
    }
}
