import FleetModel
import Foundation
import TestSupport
import Testing

@testable import HostSystem

@Suite struct ContainmentTests {
    static let isRoot = geteuid() == 0
    static let hasControlGroups =
        (try? ChildContainment(prefix: "flotilla-test-look").method) == .controlGroups

    // MARK: Where the groups are

    @Test(
        "the own group is found where the unified hierarchy is mounted",
        arguments: [
            ("/", "/", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/unified"),
            (
                "/system.slice/a.service", "/", "/sys/fs/cgroup",
                "/sys/fs/cgroup/system.slice/a.service"
            ),
            ("/docker/1", "/docker/1", "/sys/fs/cgroup", "/sys/fs/cgroup"),
            ("/docker/1/x", "/docker/1", "/sys/fs/cgroup", "/sys/fs/cgroup/x"),
            ("/docker/12", "/docker/1", "/sys/fs/cgroup", nil),
            ("/../outside", "/", "/sys/fs/cgroup", nil),
        ])
    func ownFolder(own: String, root: String, place: String, expected: String?) {
        let groups = "9:name=systemd:/other\n1:cpu:/\n0::\(own)\n"
        let mounts = """
            30 20 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu
            31 20 0:28 \(root) \(place) rw,relatime shared:9 - cgroup2 cgroup2 rw

            """
        #expect(ControlGroup.folder(inGroups: groups, mounts: mounts) == expected)
        #expect(ControlGroup.folder(inGroups: groups, mounts: "") == nil)
    }

    @Test("a process's parent is read whatever name the process gave itself")
    func parentOfStrangeNames() {
        let names = ["sh", "a b", ") R 7 (", "((("]
        for name in names {
            let status = Array("12 (\(name)) S 42 12 12 0".utf8)
            #expect(OrphanSweep.parent(inStatus: status) == 42)
        }
        #expect(OrphanSweep.parent(inStatus: Array("12 (sh".utf8)) == nil)
    }

    // MARK: Escapes

    @Test(
        "who leaves session and parents behind does not leave the control group",
        .enabled(if: hasControlGroups))
    func endsWithGroup() async {
        await #expect(processExitsWith: .success) {
            try Escape.attempt(ChildContainment(prefix: "flotilla-test-\(getpid())"))
        }
    }

    @Test("who leaves session and parents behind is found as an orphan")
    func endsAsOrphan() async {
        await #expect(processExitsWith: .success) {
            try Escape.attempt(ChildContainment(prefix: "", .orphanSweep))
        }
    }

    @Test("the sweep for orphans leaves the children alone that still run")
    func sparesTheRunning() async {
        await #expect(processExitsWith: .success) {
            let containment = try ChildContainment(prefix: "", .orphanSweep)
            let running = try ChildCommand("sleep", ["300"]).start()
            try containment.end(nil, sparing: [running.pid])
            guard Escape.isAlive(running.pid) else { fatalError("a running child was killed") }
        }
    }

    @Test("what was left in a group of an earlier life is ended", .enabled(if: hasControlGroups))
    func endsLeftovers() throws {
        let containment = try ChildContainment(prefix: "flotilla-test-left-\(getpid())")
        let group = try #require(try containment.group(for: "1"))
        let script = "echo 0 > \(group.path)/cgroup.procs; exec sleep 300"
        let child = try ChildCommand("sh", ["-c", script]).start()
        let inside = { try String(contentsOfFile: "\(group.path)/cgroup.procs", encoding: .utf8) }
        #expect(try Escape.waits { try !inside().isEmpty })
        try containment.endLeftovers()
        #expect(Escape.waits { child.reap() == .signalled(Int(SIGKILL)) })
        #expect(!FileManager.default.fileExists(atPath: group.path))
    }

    // MARK: What a worker takes from itself

    @Test(
        "a stranger starts no child, writes no large file and leaves no core", .enabled(if: isRoot))
    func limits() async {
        await #expect(processExitsWith: .success) {
            let folder = URL(fileURLWithPath: "/tmp/flotilla-limits-\(getpid())")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            chmod(folder.path, 0o777)
            defer { rmdir(folder.path) }
            try Privileges.drop(to: "nobody")
            try ProcessLimits(fileBytes: 4_096, memoryBytes: 64 << 30).apply()
            let pid = spawnError()
            guard pid == EAGAIN else { fatalError("a child could be started: \(pid)") }
            let path = folder.appendingPathComponent("f").path
            let file = open(path, O_CREAT | O_WRONLY, 0o666)
            var record = stat()
            guard fstat(file, &record) == 0, record.st_mode & 0o777 == 0o600 else {
                fatalError("others may read what a stranger writes")
            }
            let bytes = [UInt8](repeating: 1, count: 8_192)
            guard write(file, bytes, 4_096) == 4_096, write(file, bytes, 1) == -1, errno == EFBIG
            else { fatalError("a file grew over its limit") }
            unlink(path)
            let limits = try String(contentsOfFile: "/proc/thread-self/limits", encoding: .utf8)
            guard limits.contains(/Max core file size +0 +0/) else {
                fatalError("a core file could be written")
            }
        }
    }

    @Test("a worker whose agent has already ended does not begin")
    func parentHasEnded() async {
        await #expect(processExitsWith: .success) {
            try Program.endWithParent(getppid())
            do {
                try Program.endWithParent(getpid())
                fatalError("a stranger was taken for the parent")
            } catch let error as SystemError where error.code == ESRCH {}
        }
    }

    @Test("without a network there is nobody, until it comes back", .enabled(if: isRoot))
    func network() async {
        await #expect(processExitsWith: .success) {
            func interfaces() throws -> Int {
                let outcome = try ChildCommand("cat", ["/proc/net/dev"]).run(deadline: .seconds(20))
                return outcome.outputText.split(separator: "\n").count - 2
            }
            func reaches(_ port: Int) throws -> Bool {
                let script = "exec 3<>/dev/tcp/127.0.0.1/\(port)"
                return try ChildCommand("bash", ["-c", script]).run(deadline: .seconds(20))
                    .isSuccess
            }
            let server = try SocketServer(answering: "")
            let before = try interfaces()
            guard try reaches(server.port) else { fatalError("the server does not listen") }
            let absence = try NetworkAbsence()
            guard try interfaces() <= 1, try !reaches(server.port) else {
                fatalError("there is a network")
            }
            try absence.end()
            guard try interfaces() == before, try reaches(server.port) else {
                fatalError("the network did not come back")
            }
        }
    }
}

/// What `posix_spawn` answers.
private func spawnError() -> Int32 {
    var pid: pid_t = 0
    var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("true"), nil]
    defer { free(arguments[0]) }
    return posix_spawn(&pid, "/bin/true", nil, nil, &arguments, nil)
}

/// A child that tries to leave something behind.
enum Escape {
    /// Starts it, waits for its end, and sees to it that nothing of it lives on.
    static func attempt(_ containment: ChildContainment) throws {
        let group = try containment.group(for: "escape")
        let file = "/tmp/flotilla-escape-\(getpid())"
        defer { unlink(file) }
        // Twice into a session of its own, with the parent gone each time.
        let script = """
            [ -z "$1" ] || echo 0 > "$1/cgroup.procs"
            setsid sh -c 'setsid sh -c "echo \\$\\$ > $0.new; mv $0.new $0; exec sleep 300" $0 &' "$2"
            while [ ! -e "$2" ]; do sleep 0.01; done
            """
        let command = ChildCommand("sh", ["-c", script, "sh", group?.path ?? "", file])
        let outcome = try command.run(deadline: .seconds(20))
        let text = try String(contentsOfFile: file, encoding: .utf8)
        guard outcome.isSuccess, let escaped = Int32(text.dropLast()) else {
            fatalError("the child could not try: \(outcome.errorText)")
        }
        guard isAlive(escaped) else { fatalError("the escape failed without our doing") }
        try containment.end(group, sparing: [])
        guard !isAlive(escaped) else { fatalError("process \(escaped) has escaped") }
        if let group, FileManager.default.fileExists(atPath: group.path) {
            fatalError("the group is still there")
        }
    }

    /// A process that has died and was not reaped is not alive.
    static func isAlive(_ pid: Int32) -> Bool {
        guard let status = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let end = status.lastIndex(of: ")")
        else { return false }
        return !status[end...].hasPrefix(") Z")
    }

    /// Whether it becomes true before a generous deadline.
    static func waits(_ condition: () throws -> Bool) rethrows -> Bool {
        let end = Clocks.monotonic() + .seconds(20)
        while Clocks.monotonic() < end {
            if try condition() { return true }
            usleep(5_000)
        }
        return false
    }
}
