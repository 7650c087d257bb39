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

    /// What is wrong with a path, and what to do about it.
    struct Objection: Error {
        var message: String
        var fix: String

        init(_ message: String, fix: String) {
            self.message = message
            self.fix = fix
        }
    }

    let root: Root
    let saved: SavedFiles
    let footprint: Footprint
    let directories: [String: DesiredDirectory]
    private let leaving: Set<String>
    var inspector: Inspector
    var folders = FolderVerdicts()
    private var attributesSupported: [UInt64: Bool] = [:]

    /// - Parameter state: With what is only observed.
    private init(state: DesiredState, store: RecordStore) throws {
        root = store.root.keepingFolders()
        saved = try Originals(store: store).read()
        directories = Dictionary(
            state.applied.directories.map { ($0.path, $0) },
            uniquingKeysWith: { first, _ in first })
        footprint = Footprint(of: state)
        leaving = Set(saved.leaving(footprint, onTheWayBack: false))
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
        func note(_ path: String, _ bundle: String, _ judge: () throws -> Void) throws {
            do {
                try judge()
            } catch let objection as Objection {
                problems.append(
                    Problem(
                        path: path, bundle: bundle, message: objection.message,
                        fix: objection.fix))
            }
        }
        for directory in state.applied.directories {
            try note(directory.path, directory.bundle) { try preflight.judge(directory) }
        }
        for leaf in state.applied.leaves {
            try note(leaf.path, leaf.bundle) { try preflight.judge(leaf) }
        }
        let bundles = try preflight.bundles(in: store)
        for path in preflight.leaving.sorted() {
            try note(path, bundles[path] ?? "of before") { try preflight.judge(leaving: path) }
        }
        return problems.sorted { $0.path < $1.path }
    }

    /// Which bundle holds a path now.
    private func bundles(in store: RecordStore) throws -> [String: String] {
        if leaving.isEmpty { return [:] }
        guard let state = try store.generationIfWhole(store.currentGeneration())?.state else {
            return [:]
        }
        return Dictionary(
            state.leaves.map { ($0.path, $0.bundle) }
                + state.directories.map { ($0.path, $0.bundle) }, uniquingKeysWith: { $1 })
    }

    // MARK: One path

    private mutating func judge(_ directory: DesiredDirectory) throws {
        try judgePlace(directory.path, directory.owner)
        if directory.isOwned { try judgeOwned(directory.path) }
        let status = try root.standing(at: directory.path)
        guard let status, status.kind != .directory, !goes(directory.path) else { return }
        throw Objection(
            "a \(status.kind.rawValue) stands where the directory should be.",
            fix: "Move it away on the device, or choose another path.")
    }

    private mutating func judge(_ leaf: Leaf) throws {
        let path = leaf.path
        if footprint.parents.contains(path) {
            throw Objection(
                "other managed paths are below this file.", fix: "Choose another path for the file."
            )
        }
        guard case .file(let file) = leaf else {
            try judgePlace(path, .root)
            return try judgeObstacle(at: leaf)
        }
        try judgePlace(path, file.owner)
        if !file.attributes.isEmpty { try judgeAttributes(of: file) }
        try judgeObstacle(at: leaf)
    }

    /// What stands where a file or a link should be.
    private mutating func judgeObstacle(at leaf: Leaf) throws {
        let path = leaf.path
        guard let status = try root.standing(at: path) else {
            return try judgeFolderLock(above: leaf)
        }
        // What stands there is the device's, whatever it is.
        if leaf.isOnce { return }
        switch status.kind {
        case .other:
            throw Objection(
                "a device, pipe or socket stands where the file should be.",
                fix: "Choose another path.")
        case .directory where try footprint.owner(of: path) == nil && !becomesEmpty(path):
            throw Objection(
                "a directory stands where the file should be.",
                fix: "Move it away on the device, or choose another path.")
        case .file where status.size > Limits.fileBytes && saved.originals[path] == nil:
            throw Objection(
                "the file that stands there is too large to be kept for the way back.",
                fix: "Move it away on the device.")
        case .file, .directory, .symbolicLink: break
        }
        let marks = try root.marks(of: path)
        if marks.isMountPoint {
            throw Objection(
                "it is a mount point, and can't be replaced.",
                fix: "Manage the file where the mount comes from.")
        }
        if marks.isImmutable, try inspector.deviation(of: leaf, at: path) != nil {
            throw Objection.locked("it")
        }
        try judgeFolderLock(above: leaf)
    }

    /// In a folder that is locked nothing can be put or renamed.
    private mutating func judgeFolderLock(above leaf: Leaf) throws {
        guard case .usable(let nearest, _) = try verdict(on: DevicePath.parent(of: leaf.path)),
            try isLocked(nearest), try inspector.deviation(of: leaf, at: leaf.path) != nil
        else { return }
        throw Objection.locked(nearest)
    }

    /// What leaves must be able to go.
    private func judge(leaving path: String) throws {
        guard try root.standing(at: path) != nil else { return }
        if case .directory = saved.originals[path] { return }
        let marks = try root.marks(of: path)
        if marks.isImmutable { throw Objection.locked("it leaves, and") }
        if marks.isMountPoint {
            throw Objection(
                "it leaves, and it is a mount point, which can't be removed.",
                fix: "Unmount it on the device.")
        }
    }

    private mutating func judgePlace(_ path: String, _ ownership: Ownership) throws {
        if DevicePath.isAt(path, orBelow: StateLayout.state) {
            throw Objection(
                "it is in the agent's own state folder \(StateLayout.state).",
                fix: "Choose another path.")
        }
        do {
            _ = try inspector.owner(of: ownership)
        } catch let error as SystemError where error.isMissing {
            throw Objection(
                "this device does not know the owner \(ownership).",
                fix: "Create the user and the group on the device, or name those that it has.")
        }
        switch try verdict(on: DevicePath.parent(of: path)) {
        case .refused(let objection): throw objection
        case .usable(let nearest, _):
            guard try isReadOnly(nearest) else { return }
            throw Objection(
                "\(nearest) is on a read-only file system.",
                fix: "Mount it writable, or manage the path elsewhere.")
        }
    }

    private mutating func judgeAttributes(of file: DesiredFile) throws {
        guard case .usable(let nearest, _) = try verdict(on: DevicePath.parent(of: file.path)),
            let device = try root.standing(at: nearest)?.device,
            let name = file.attributes.keys.min()
        else { return }
        let isSupported =
            try attributesSupported[device] ?? root.supportsAttribute(name, at: nearest)
        attributesSupported[device] = isSupported
        if isSupported { return }
        throw Objection(
            "the file system at \(nearest) keeps no extended attributes such as \(name).",
            fix: "Remove `attributes`, or manage the file elsewhere.")
    }

    /// Whether what stands at a path is ours or kept, so that it may go.
    func goes(_ path: String) -> Bool {
        saved.originals[path] != nil || footprint.owner(of: path) != nil
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
}

extension Preflight.Objection {
    static func locked(_ what: String) -> Self {
        Self(
            "\(what) is locked against changes.",
            fix: "Take the lock away on the device: `chattr -i -a`.")
    }
}
