internal import FleetModel
internal import Glibc

/// A control group (cgroup v2) below this process's own. Whoever entered it stays in it with all
/// that he starts, whatever he does about sessions and parents, so all of it can be ended.
package struct ControlGroup: Equatable, Sendable {
    /// Its folder on the host.
    package let path: String

    /// Makes a group, empty and new: what somebody left in one of this name is ended first.
    package static func make(named name: String) throws(SystemError) -> ControlGroup {
        let group = ControlGroup(path: DevicePath.join(try ownFolder(), name))
        try group.end(within: .seconds(5))
        try systemCall("make", group.path) { unsafe mkdir(group.path, 0o755) }
        return group
    }

    /// The groups below this process's own whose names begin like this.
    package static func own(beginningWith prefix: String) throws(SystemError) -> [ControlGroup] {
        let folder = try ownFolder()
        return try (Root("/").listFolder(folder, limit: 100_000) ?? [])
            .filter { $0.utf8.starts(with: prefix.utf8) }
            .map { ControlGroup(path: DevicePath.join(folder, $0)) }
    }

    /// Moves this process into a group: its first act, while it still may.
    package static func enter(_ path: String) throws(SystemError) {
        try write("0", to: DevicePath.join(path, "cgroup.procs"))
    }

    /// Kills all that is in it and removes it. An error means that something in it lives on.
    package func end(within patience: Duration) throws(SystemError) {
        let deadline = Clocks.monotonic() + patience
        while true {
            do throws(SystemError) {
                try systemCall("remove", path) { unsafe rmdir(path) }
                return
            } catch {
                if error.isMissing { return }
                guard error.code == EBUSY, Clocks.monotonic() < deadline else {
                    throw SystemError(
                        operation: "end what is in", path: path, code: error.code,
                        advice: "a process in it does not die; look for it with `ps`")
                }
            }
            try killAll()
            // There is nothing to wait for with a time-out: dying takes milliseconds.
            _ = usleep(2_000)
        }
    }

    private func killAll() throws(SystemError) {
        do throws(SystemError) {
            try Self.write("1", to: DevicePath.join(path, "cgroup.kill"))
        } catch {
            guard error.isMissing else { throw error }
            // Kernels before 5.14 have no such file. A process that forks faster than this loop
            // reads is met again in the next round.
            let list = DevicePath.join(path, "cgroup.procs")
            let text = try Root("/").readFile(list, limit: 1 << 20) ?? []
            for line in text.split(separator: UInt8(ascii: "\n")) {
                guard let pid = Int32(String(decoding: line, as: UTF8.self)), pid > 0 else {
                    continue
                }
                _ = kill(pid, SIGKILL)
            }
        }
    }

    private static func write(_ text: String, to path: String) throws(SystemError) {
        let raw = try systemCall("open", path) { unsafe open(path, O_WRONLY | O_CLOEXEC) }
        try FileDescriptor(owning: raw, path: path).write(Array(text.utf8))
    }

    // MARK: Where this process is

    /// The folder of this process's own group in the unified hierarchy, wherever that is mounted:
    /// at /sys/fs/cgroup, or beside the old ones at /sys/fs/cgroup/unified.
    private static func ownFolder() throws(SystemError) -> String {
        let process = "/proc/\(getpid())"
        let groups = try Root("/").readFile("\(process)/cgroup", limit: 64 << 10) ?? []
        let mounts = try Root("/").readFile("\(process)/mountinfo", limit: 1 << 20) ?? []
        guard
            let folder = folder(
                inGroups: String(decoding: groups, as: UTF8.self),
                mounts: String(decoding: mounts, as: UTF8.self))
        else {
            throw SystemError(
                operation: "find the control group of", path: "this process", code: ENOENT,
                advice: "no unified hierarchy (cgroup v2) is mounted")
        }
        return folder
    }

    /// Reads /proc/PID/cgroup and /proc/PID/mountinfo.
    static func folder(inGroups groups: String, mounts: String) -> String? {
        let unified = "0::"
        guard
            let line = groups.split(separator: "\n").first(where: {
                $0.utf8.starts(with: unified.utf8)
            })
        else { return nil }
        let own = String(line.dropFirst(unified.count))
        for mount in mounts.split(separator: "\n") {
            let fields = mount.split(separator: " ")
            guard fields.count > 6, let dash = fields.firstIndex(of: "-"),
                dash + 1 < fields.count, fields[dash + 1] == "cgroup2"
            else { continue }
            // Where a part of the hierarchy is mounted, as in a container, that part is its root.
            let (root, place) = (String(fields[3]), String(fields[4]))
            guard DevicePath.isNormalised(own), DevicePath.isAt(own, orBelow: root) else {
                continue
            }
            let rest = root == "/" ? own : String(own.dropFirst(root.count))
            return rest == "/" || rest.isEmpty ? place : place + rest
        }
        return nil
    }
}
