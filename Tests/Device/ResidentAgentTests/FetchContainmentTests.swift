import AgentMachine
import DeviceRecords
import Foundation
import HostSystem
import TestSupport
import Testing

@testable import ResidentAgent

/// A worker that was taken over while it fetched, and tries to write once more when its download
/// is being read.
@Suite struct FetchContainmentTests {
    private static let hijackedWorker = """
        incoming="$DEVICE/var/lib/flotilla/incoming/late"
        case $1 in
        fetch)
            mkdir -p "${incoming%/*}"
            setsid bash -c 'setsid bash -c "while :; do echo x >> $0; sleep 0.02; done" "$0" &' \\
                "$incoming"
            while [ ! -s "$incoming" ]; do sleep 0.01; done
            fetched ;;
        stage)
            before=$(stat -c %s "$incoming")
            sleep 0.5
            after=$(stat -c %s "$incoming")
            [ "$before" = "$after" ] && verdict=still || verdict=moved
            echo $verdict > "$DEVICE/verdict"
            rejected ;;
        esac
        """

    private static func verdict(_ containment: (Root) throws -> ChildContainment) throws -> String {
        try withTemporaryFolder { folder in
            let bench = try AgentBench(in: folder)
            try bench.script(hijackedWorker)
            let loop = try AgentLoop(
                root: bench.root, configuration: AgentConfiguration(of: bench.root),
                worker: bench.worker, containment: containment(bench.root))
            guard try loop.runOnce(patience: .seconds(20), .syncRequested) else { return "busy" }
            return bench.text("/verdict") ?? "nothing staged"
        }
    }

    @Test(
        "nothing writes into what was fetched once it is staged: by control group",
        .enabled(if: (try? ChildContainment(prefix: "flotilla-look").method) == .controlGroups))
    func controlGroup() async {
        await #expect(processExitsWith: .success) {
            let verdict = try FetchContainmentTests.verdict { root in
                try ChildContainment(prefix: AgentLoop.groupPrefix(of: root))
            }
            guard verdict == "still\n" else { fatalError(verdict) }
        }
    }

    @Test("nothing writes into what was fetched once it is staged: by sweeping orphans")
    func orphanSweep() async {
        await #expect(processExitsWith: .success) {
            let verdict = try FetchContainmentTests.verdict { _ in
                try ChildContainment(prefix: "", .orphanSweep)
            }
            guard verdict == "still\n" else { fatalError(verdict) }
        }
    }

    @Test("a worker that fetches dies with its agent", .enabled(if: geteuid() == 0))
    func diesWithAgent() throws {
        try withTemporaryFolder { folder in
            let bench = try AgentBench(in: folder)
            try copyBuiltProgram("flotilla-worker", to: bench.worker)
            // A server that never answers.
            let served = Mailbox()
            let server = try SocketServer { connection in
                _ = connection.readRequest()
                served.put()
                sleep(60)
            }
            try bench.configure(url: "http://127.0.0.1:\(server.port)/fleet.git")
            let agent = try bench.startAgent()
            #expect(waits { served.isFull }, "\(bench.logText())")
            let workers = processes(running: bench.worker)
            try #require(workers.count == 1)
            let limits = try String(contentsOfFile: "/proc/\(workers[0])/limits", encoding: .utf8)
            #expect(limits.contains(/Max processes +0 +0/))
            #expect(limits.contains(/Max core file size +0 +0/))
            let status = try String(contentsOfFile: "/proc/\(workers[0])/status", encoding: .utf8)
            #expect(status.contains(/NoNewPrivs:\t1/))
            #expect(!status.contains(/Uid:\t0\t/))
            agent.send(SIGKILL)
            #expect(waits { !isAlive(workers[0]) })
            // What the next agent does.
            try ChildContainment(prefix: AgentLoop.groupPrefix(of: bench.root)).endLeftovers()
        }
    }

    /// The numbers of the processes that run a program.
    private func processes(running program: String) -> [Int32] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { Int32($0) }.filter { pid in
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/exe"))
                == program
        }
    }
}

/// Tells one thread that another got somewhere.
private final class Mailbox: @unchecked Sendable {
    // Guarded by the lock.
    private var full = false
    private let lock = NSLock()

    var isFull: Bool { lock.withLock { full } }
    func put() { lock.withLock { full = true } }
}
