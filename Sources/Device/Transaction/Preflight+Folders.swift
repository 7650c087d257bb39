internal import FleetModel
internal import HostSystem

extension Preflight {
    enum FolderVerdict {
        /// It is there, or will be made below the nearest one that is.
        case usable(nearest: String, isThere: Bool)
        case refused(Objection)
    }

    /// What is known of folders: each is looked at once.
    struct FolderVerdicts {
        fileprivate var verdicts: [String: FolderVerdict] = [:]
        fileprivate var readOnly: [String: Bool] = [:]
        fileprivate var locked: [String: Bool] = [:]
    }

    mutating func verdict(on folder: String) throws -> FolderVerdict {
        if let known = folders.verdicts[folder] { return known }
        let verdict = try judgeFolder(folder)
        folders.verdicts[folder] = verdict
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
        let isOpen = accesses.contains {
            FileStatus.isWritableByOthers(mode: $0.mode, owner: $0.owner)
        }
        if isOpen {
            return .refused(
                Objection(
                    "others than root may write the folder \(folder), "
                        + "so they decide what stands in it.",
                    fix: "Give the folder to root and take the others' right to write, "
                        + "or manage the file elsewhere."))
        }
        if isThere, try root.listLetsOthersWrite(folder) {
            return .refused(
                Objection(
                    "an access list lets others than root write the folder \(folder), "
                        + "so they decide what stands in it.",
                    fix: "Take it away with `setfacl -b`, or manage the file elsewhere."))
        }
        return .usable(nearest: isThere ? folder : nearest, isThere: isThere)
    }

    /// Nil where what is in the way is our own, or kept, and goes.
    private func judgeObstacle(
        _ folder: String, _ status: FileStatus
    ) throws -> FolderVerdict? {
        if goes(folder) { return nil }
        guard status.kind == .symbolicLink else {
            return .refused(
                Objection(
                    "\(folder) is a \(status.kind.rawValue) and not a folder.",
                    fix: "Move it away on the device, or choose another path."))
        }
        let target = try root.readLink(folder) ?? ""
        let real = DevicePath.resolve(target, from: DevicePath.parent(of: folder))
        return .refused(
            Objection(
                "its folder \(folder) is a symbolic link to \(target).",
                fix: "Links are not followed: manage the path below \(real) instead."))
    }

    private mutating func declaredAccess(
        of folder: String
    ) throws -> Access? {
        guard let declared = directories[folder] else { return nil }
        return Access(mode: declared.mode, owner: try inspector.owner(of: declared.owner))
    }

    mutating func isReadOnly(_ folder: String) throws -> Bool {
        if let known = folders.readOnly[folder] { return known }
        let isReadOnly = try root.isReadOnly(folder)
        folders.readOnly[folder] = isReadOnly
        return isReadOnly
    }

    /// Whether nothing can be put into a folder, or renamed in it.
    mutating func isLocked(_ folder: String) throws -> Bool {
        if let known = folders.locked[folder] { return known }
        let isLocked = try root.marks(of: folder).isImmutable
        folders.locked[folder] = isLocked
        return isLocked
    }
}
