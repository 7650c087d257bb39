internal import DeviceRecords
internal import FleetModel
internal import HostSystem

extension Preflight {
    /// An owned directory loses what it does not list. So that must be ours to remove, and what
    /// stands there before we come must be possible to keep.
    mutating func judgeOwned(_ directory: String) throws {
        for place in ManagedPath.protected + [StateLayout.state]
        where DevicePath.isAt(place, orBelow: directory) {
            throw Objection(
                "\(place) lies in it, which belongs to the system or to the agent.",
                fix: "Own a directory further below.")
        }
        guard footprint.owned.contains(directory),
            try root.standing(at: directory)?.kind == .directory
        else { return }
        let extras = Extras(root: root, footprint: footprint)
        let isTakenOver = saved.owned.contains(directory)
        var bytes = 0
        func look(_ path: String, _ status: FileStatus) throws {
            if footprint.isFolder(path) { return }
            try judgeExtra(path, status, isKept: !isTakenOver && saved.originals[path] == nil)
            if status.kind == .file, !isTakenOver { bytes += status.size }
        }
        do {
            if isTakenOver {
                for extra in try extras.find(in: directory) {
                    guard let status = try root.standing(at: extra.path) else { continue }
                    try look(extra.path, status)
                    if status.kind == .directory {
                        try extras.everything(in: extra.path, look)
                    }
                }
            } else {
                try extras.everything(in: directory, look)
                try judgeRoom(for: bytes)
            }
        } catch let error as TransactionError where error.code == .blocked {
            throw Objection(
                "\(error.path) in it: \(error.message).", fix: "Clear it up on the device.")
        } catch let error as SystemError where error.isTooLarge {
            throw Objection(
                "it holds more than \(Extras.folderEntries) entries.",
                fix: "Clear it up on the device.")
        }
    }

    private func judgeExtra(_ path: String, _ status: FileStatus, isKept: Bool) throws {
        let marks = try root.marks(of: path)
        if marks.isMountPoint {
            throw Objection(
                "something is mounted at \(path) in it.",
                fix: "Unmount it on the device, or don't own the directory.")
        }
        if marks.isImmutable, !footprint.lists(path) { throw Objection.locked("\(path) in it") }
        guard isKept else { return }
        if status.kind == .other {
            throw Objection(
                "a device, pipe or socket stands at \(path) in it, which can't be kept.",
                fix: "Move it away on the device, or don't own the directory.")
        }
        if status.kind == .file, status.size > Limits.fileBytes {
            throw Objection(
                "the file \(path) in it is too large to be kept for the way back.",
                fix: "Move it away on the device.")
        }
    }

    private func judgeRoom(for bytes: Int) throws {
        guard try root.standing(at: StateLayout.state)?.kind == .directory else { return }
        let free = try root.freeBytes(at: StateLayout.state)
        if bytes > free {
            throw Objection(
                "what stands in it would be kept, and needs \(bytes) bytes of \(free) free ones.",
                fix: "Make room on the device, or move it away.")
        }
    }
}
