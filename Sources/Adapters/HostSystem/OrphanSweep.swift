internal import CLinux
internal import FleetModel
internal import Glibc

/// The way to end what children leave behind where no control group can be made: processes whose
/// parents have died become this process's own children, and those can be found.
package enum OrphanSweep {
    /// From now on this process adopts what its descendants abandon.
    package static func adoptOrphans() throws(SystemError) {
        try systemCall("adopt", "orphans") { flotilla_prctl(PR_SET_CHILD_SUBREAPER, 1) }
    }

    /// Kills and reaps every child of this process that is not in `known`, until there is none: the
    /// children of one that dies are ours in turn.
    package static func run(sparing known: [Int32], within patience: Duration) throws(SystemError) {
        let deadline = Clocks.monotonic() + patience
        while true {
            let orphans = try children().filter { !known.contains($0) }
            if orphans.isEmpty { return }
            guard Clocks.monotonic() < deadline else {
                throw SystemError(
                    operation: "end", path: "process \(orphans[0])", code: EBUSY,
                    advice: "it was left behind by a worker and does not die")
            }
            for orphan in orphans {
                _ = kill(orphan, SIGKILL)
                _ = waitpid(orphan, nil, WNOHANG)
            }
            // There is nothing to wait for with a time-out: dying takes milliseconds.
            _ = usleep(2_000)
        }
    }

    /// Who has ended and was not reaped counts too: only then are his children ours for sure.
    private static func children() throws(SystemError) -> [Int32] {
        let own = getpid()
        let root = try Root("/")
        var found: [Int32] = []
        for name in try root.listFolder("/proc", limit: 4 << 20) ?? [] {
            guard let pid = Int32(name) else { continue }
            // A process may end while the list is read.
            guard let status = try? root.readFile("/proc/\(name)/stat", limit: 4_096) else {
                continue
            }
            if parent(inStatus: status) == own { found.append(pid) }
        }
        return found
    }

    /// `PID (name) state parent …`; the name is the process's own and may hold anything.
    static func parent(inStatus status: [UInt8]) -> Int32? {
        guard let end = status.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let fields = status[(end + 1)...].split(separator: UInt8(ascii: " "))
        guard fields.count > 1 else { return nil }
        return Int32(String(decoding: fields[1], as: UTF8.self))
    }
}
