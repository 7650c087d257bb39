import DeviceRecords
import Foundation
import HostSystem
import TestSupport

/// A device in a folder, with the real agent and a worker that a test writes.
struct AgentBench {
    let folder: URL
    let root: Root
    let store: RecordStore
    var device: String { folder.appendingPathComponent("device").path }
    var agent: String { folder.appendingPathComponent("bin/flotilla-agent").path }
    var worker: String { folder.appendingPathComponent("bin/flotilla-worker").path }
    var log: String { folder.appendingPathComponent("log").path }

    init(in folder: URL) throws {
        self.folder = folder
        let files = FileManager.default
        for name in ["bin", "device/etc/flotilla", "device/var/lib", "device/run"] {
            try files.createDirectory(
                at: folder.appendingPathComponent(name), withIntermediateDirectories: true)
        }
        root = try Root(folder.appendingPathComponent("device").path)
        store = RecordStore(root: root)
        try configure()
        try copyBuiltProgram("flotilla-agent", to: agent)
    }

    func configure(
        device: String = "gw-1", url: String = "http://127.0.0.1:1/fleet.git",
        fetchEvery: String = "1s"
    ) throws {
        let text = """
            device: \(device)
            channel: main
            repository:
              url: \(url)
              fetchUser: nobody
            services: none
            fetchEvery: \(fetchEvery)
            scanEvery: 1h

            """
        try text.write(
            toFile: "\(self.device)/etc/flotilla/agent.yaml", atomically: true, encoding: .utf8)
    }

    /// Makes the worker a shell script. It finds `$DEVICE`, `$GROUP` (which may be empty) and its
    /// command in `$1`; `fetched` and `rejected` answer as the real one does.
    func script(_ body: String) throws {
        let text = """
            #!/bin/bash
            DEVICE='\(device)' GROUP=''
            for word in "$@"; do
                [ "$previous" = --group ] && GROUP=$word
                previous=$word
            done
            [ -z "$GROUP" ] || echo 0 > "$GROUP/cgroup.procs"
            fetched() {
                echo '{"format":1,"tip":"\(Self.tip)","receivedBytes":0}'
            }
            rejected() {
                echo '{"format":1,"refusal":null,"verdict":{"code":"invalid","kind":"rejected",'
                echo '"reason":"for the test","revision":"\(Self.tip)"}}'
            }
            \(body)
            """
        try text.write(toFile: worker, atomically: true, encoding: .utf8)
        chmod(worker, 0o755)
    }

    static let tip = String(repeating: "5e", count: 20)

    func write(_ path: String, _ text: String) throws {
        try root.makeFolders(DevicePath.parent(of: path))
        try root.replaceFile(path, with: Array(text.utf8), mode: 0o600)
    }

    func text(_ path: String) -> String? {
        try? String(contentsOfFile: device + path, encoding: .utf8)
    }

    func logText() -> String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }

    /// Runs a command of the agent to its end.
    func runAgent(_ arguments: [String]) throws -> ChildResult {
        try runChild([agent] + arguments + ["--root", device], in: folder)
    }

    /// Starts the resident agent; `setup` is shell text that is done before it, and `wrapper` a
    /// command that becomes it.
    func startAgent(setup: String = "true", wrapper: String = "") throws -> AgentProcess {
        try AgentProcess(
            shell:
                "\(setup); exec \(wrapper) '\(agent)' run --root '\(device)' 2>>'\(log)' >&2 </dev/null"
        )
    }
}

/// A resident agent that is ended with its test.
final class AgentProcess {
    let process = Process()

    init(shell: String) throws {
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = ["-c", shell]
        process.environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

    func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// Its exit status; nil where it does not end in time.
    func end() -> Int32? {
        waits { !process.isRunning } ? process.terminationStatus : nil
    }

    /// How much it has computed so far, in ticks of 10 ms.
    func ticks() -> Int {
        let path = "/proc/\(process.processIdentifier)/stat"
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
        return fields.count > 12 ? (Int(fields[11]) ?? 0) + (Int(fields[12]) ?? 0) : 0
    }
}

func isAlive(_ pid: Int32) -> Bool {
    guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
        let end = text.lastIndex(of: ")")
    else { return false }
    return !text[end...].hasPrefix(") Z")
}

/// Whether it becomes true before a generous deadline.
func waits(_ condition: () throws -> Bool) rethrows -> Bool {
    let end = Date(timeIntervalSinceNow: 30)
    while Date() < end {
        if try condition() { return true }
        usleep(10_000)
    }
    return false
}

extension Ledger {
    /// What came of the moves, without the steps on the way.
    var ends: [Outcome] { outcomes.filter { !$0.isStep } }
}
