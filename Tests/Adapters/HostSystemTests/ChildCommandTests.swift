import FleetModel
import Foundation
import Testing

@testable import HostSystem

@Suite struct ChildCommandTests {
    @Test("output, errors and status of a child come back apart")
    func collects() throws {
        let outcome = try shell("echo out; echo err >&2; exit 3").run(deadline: .seconds(20))
        #expect(outcome.status == .ended(.exited(3)) && !outcome.isSuccess)
        #expect(outcome.outputText == "out\n" && outcome.errorText == "err\n")
    }

    @Test("a child gets its input, folder and environment, and nothing else of ours")
    func environment() throws {
        let command = ChildCommand(
            "sh", ["-c", "cat; pwd; env | sort"], environment: ["B": "2"], workingFolder: "/usr",
            standardInput: Array("in\n".utf8))
        let outcome = try command.run(deadline: .seconds(20))
        let lines = outcome.outputText.split(separator: "\n").filter { !$0.hasPrefix("_=") }
        let path = ChildCommand.defaultEnvironment["PATH"] ?? ""
        #expect(
            Array(lines) == ["in", "/usr", "B=2", "LANG=C.UTF-8", "PATH=\(path)", "PWD=/usr"])
    }

    @Test("a child holds no descriptor of ours, not even one opened without O_CLOEXEC")
    func descriptors() throws {
        let leaky = open("/etc/passwd", O_RDONLY)
        defer { close(leaky) }
        let outcome = try ChildCommand("ls", ["/proc/self/fd"]).run(deadline: .seconds(20))
        #expect(outcome.outputText == "0\n1\n2\n3\n")
    }

    @Test("a child starts with no signal blocked or ignored, though we block and ignore some")
    func signals() async {
        await #expect(processExitsWith: .exitCode(7)) {
            Program.ignoreBrokenPipe()
            let queue = try SignalQueue()
            let command = ChildCommand("grep", ["-E", "^Sig(Blk|Ign)", "/proc/self/status"])
            let outcome = try command.run(deadline: .seconds(20))
            let masks = outcome.outputText.split(separator: "\n").map { line in
                UInt64(line.suffix(16), radix: 16)
            }
            // The C library itself ignores 32 and 33 in children: its own, of its threads.
            let ofThreads: UInt64 = 0b11 << 31
            guard masks.count == 2, masks.allSatisfy({ $0.map { $0 & ~ofThreads } == 0 }) else {
                exit(1)
            }
            exit(queue.descriptor >= 0 ? 7 : 2)
        }
    }

    @Test("more output than the limit is read but not kept")
    func boundsOutput() throws {
        var command = shell("head -c 3000000 /dev/zero; head -c 5 /dev/zero >&2")
        command.outputLimit = 1_000
        let outcome = try command.run(deadline: .seconds(20))
        #expect(outcome.isSuccess && outcome.output.count == 1_000 && outcome.errors.count == 5)
    }

    @Test("of a long output the end is kept, where the reason stands")
    func keepsTheEnd() throws {
        var command = shell("seq 1 200000; echo the reason")
        command.outputLimit = 24
        let outcome = try command.run(deadline: .seconds(20))
        #expect(outcome.output.count == 24)
        #expect(outcome.outputText.hasSuffix("200000\nthe reason\n"))
    }

    @Test("a large input reaches the child whole")
    func largeInput() throws {
        var command = ChildCommand("sha256sum")
        command.standardInput = [UInt8](repeating: 7, count: 1 << 20)
        let outcome = try command.run(deadline: .seconds(20))
        #expect(outcome.outputText.hasPrefix(SHA256Text.of(count: 1 << 20, byte: 7)))
    }

    @Test("at the deadline the child ends with its whole group")
    func deadline() throws {
        let start = Clocks.monotonic()
        let outcome = try shell("sleep 300 & echo $!; trap '' TERM; sleep 300").run(
            deadline: .milliseconds(300))
        #expect(outcome.status == .timedOut)
        #expect(Clocks.monotonic() - start < .seconds(20))
        let grandchild = try #require(
            Int32(outcome.outputText.trimmingCharacters(in: .newlines)))
        try expectGone(grandchild)
    }

    @Test("what a child leaves running in its group ends with it, and does not hold its outcome")
    func leftovers() throws {
        let outcome = try shell("sleep 300 & echo $!").run(deadline: .seconds(100))
        #expect(outcome.isSuccess)
        let grandchild = try #require(
            Int32(outcome.outputText.trimmingCharacters(in: .newlines)))
        try expectGone(grandchild)
    }

    @Test("a child that nobody holds any more is killed and reaped")
    func dropped() throws {
        var child: RunningChild? = try ChildCommand("sleep", ["300"]).start()
        let pid = try #require(child?.pid)
        #expect(child?.reap() == nil)
        child = nil
        #expect(kill(pid, 0) == -1 && errno == ESRCH)
    }

    @Test("a loop sees output and end of a child through its descriptors")
    func polls() throws {
        let child = try shell("echo ready; read line; exit 4").start()
        // Its input is empty, so it ends by itself.
        let end = Clocks.monotonic() + .seconds(20)
        while child.reap() == nil, Clocks.monotonic() < end {
            var requests = child.descriptors.map { PollRequest(reading: $0) }
            try PollRequest.wait(for: &requests, timeout: .seconds(20))
            #expect(requests.contains { $0.isReady })
            child.collect()
        }
        child.collect()
        #expect(child.reap() == .exited(4))
        #expect(String(decoding: child.output, as: UTF8.self) == "ready\n")
    }

    @Test("the signal that ended a child is told")
    func signalled() throws {
        let outcome = try shell("kill -9 $$").run(deadline: .seconds(20))
        #expect(outcome.status == .ended(.signalled(9)))
    }

    @Test("a program that is missing is an error before anything runs")
    func missing() {
        for name in ["/nonexistent/program", "no-such-program-here"] {
            let error = #expect(throws: SystemError.self) {
                try ChildCommand(name).run(deadline: .seconds(1))
            }
            #expect(error?.isMissing == true)
            #expect(error?.description.contains(name) == true)
        }
    }

    private func shell(_ script: String) -> ChildCommand { ChildCommand("sh", ["-c", script]) }

    /// A killed grandchild is reaped by init, which takes a moment.
    private func expectGone(_ pid: Int32) throws {
        let end = Clocks.monotonic() + .seconds(10)
        while Clocks.monotonic() < end {
            let path = "/proc/\(pid)/stat"
            guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return }
            if text.contains(") Z ") { return }
            usleep(10_000)
        }
        Issue.record("process \(pid) still runs")
    }
}
