import Documents
import FleetModel
import Foundation
import HealthProbes
import HostSystem
import TestSupport
import Testing

@Suite struct ProberTests {
    private func check(
        _ probe: HealthCheck.Probe, timeout: Duration = .seconds(20)
    ) -> HealthCheck {
        HealthCheck(name: "c", bundle: "b", probe: probe, timeout: timeout)
    }

    /// A worker that is this shell script; it gets the check on its standard input.
    private func prober(
        _ folder: URL = URL(fileURLWithPath: "/"), worker script: String = "exit 9"
    ) throws -> Prober {
        Prober(root: try Root(folder.path), worker: ChildCommand("sh", ["-c", script]))
    }

    // MARK: Files

    @Test("a file check looks for the file and for its text, as bytes")
    func files() throws {
        try withTemporaryFolder { folder in
            try Data([0xff, 0x00] + Array("ready\n".utf8)).write(
                to: folder.appendingPathComponent("state"))
            let prober = try prober(folder)
            func passes(_ path: String, _ text: String?) throws -> Bool {
                let result = try #require(
                    prober.run(check(.file(path: path, contains: text))))
                #expect(!result.detail.isEmpty)
                return result.passed
            }
            #expect(try passes("/state", nil))
            #expect(try passes("/state", "ready"))
            #expect(try passes("/state", ""))
            #expect(try !passes("/state", "failed"))
            #expect(try !passes("/missing", nil))
            #expect(try !passes("/missing/file", "x"))
            #expect(try !passes("relative", nil))
            #expect(try !passes("/", nil))
        }
    }

    @Test("a file check looks at the first 64 KiB, no further")
    func largeFile() throws {
        try withTemporaryFolder { folder in
            let inside = String(repeating: "x", count: Limits.probedBytes - 3)
            try (inside + "end").write(
                to: folder.appendingPathComponent("in"), atomically: true, encoding: .utf8)
            try (inside + ".end").write(
                to: folder.appendingPathComponent("out"), atomically: true, encoding: .utf8)
            let prober = try prober(folder)
            let found = prober.run(check(.file(path: "/in", contains: "end")))
            let missed = prober.run(check(.file(path: "/out", contains: "end")))
            #expect(found?.passed == true)
            #expect(missed?.passed == false)
            #expect(missed?.detail.contains("64 KiB") == true)
        }
    }

    @Test("links are followed below the device's root and never out of it")
    func links() throws {
        try withTemporaryFolder { folder in
            let device = folder.appendingPathComponent("device")
            try FileManager.default.createDirectory(
                at: device.appendingPathComponent("etc"), withIntermediateDirectories: true)
            try "inside".write(
                to: device.appendingPathComponent("etc/real"), atomically: true, encoding: .utf8)
            try "outside".write(
                to: folder.appendingPathComponent("real"), atomically: true, encoding: .utf8)
            for (name, target) in [
                ("near", "real"), ("far", "/etc/real"), ("up", "../../../etc/real"),
                ("out", "../../real"), ("loop", "loop"), ("dangling", "nothing"),
            ] {
                try FileManager.default.createSymbolicLink(
                    atPath: device.appendingPathComponent("etc/\(name)").path,
                    withDestinationPath: target)
            }
            let prober = try prober(device)
            for name in ["near", "far", "up"] {
                let result = prober.run(check(.file(path: "/etc/\(name)", contains: "inside")))
                #expect(result?.passed == true, "\(name): \(result?.detail ?? "")")
            }
            for name in ["out", "loop", "dangling"] {
                let result = prober.run(check(.file(path: "/etc/\(name)", contains: nil)))
                #expect(result?.passed == false, "\(name)")
            }
        }
    }

    @Test("what is no regular file fails at once, also a pipe that nobody writes to")
    func specialFiles() throws {
        try withTemporaryFolder { folder in
            #expect(mkfifo(folder.appendingPathComponent("pipe").path, 0o600) == 0)
            try FileManager.default.createDirectory(
                at: folder.appendingPathComponent("folder"), withIntermediateDirectories: true)
            let prober = try prober(folder)
            for path in ["/pipe", "/folder"] {
                let result = prober.run(check(.file(path: path, contains: "x")))
                #expect(result?.passed == false)
                #expect(result?.detail.contains("a file was expected") == true)
            }
        }
    }

    // MARK: Commands

    @Test("a command passes with exit status 0 alone, and its last words say why not")
    func commands() throws {
        let prober = try prober()
        func result(_ script: String) throws -> ProbeResult {
            try #require(prober.run(check(.command(["sh", "-c", script]))))
        }
        #expect(try result("exit 0") == ProbeResult(passed: true, detail: "exit status 0"))
        #expect(
            try result("echo all good")
                == ProbeResult(passed: true, detail: "exit status 0: all good"))
        #expect(
            try result("echo out; echo no disk >&2; exit 3")
                == ProbeResult(passed: false, detail: "exit status 3: no disk"))
        #expect(
            try result("kill -TERM $$")
                == ProbeResult(passed: false, detail: "ended by signal 15"))
    }

    @Test("of a long output the end is told")
    func longOutput() throws {
        let script = "i=0; while [ $i -lt 2000 ]; do echo é$i; i=$((i+1)); done; exit 1"
        let result = try #require(
            try prober().run(check(.command(["sh", "-c", script]))))
        #expect(!result.passed)
        #expect(result.detail.hasSuffix("é1999"))
        #expect(result.detail.utf8.count < 1_100 && !result.detail.contains("\u{fffd}"))
    }

    @Test("a command that can't be started, or is none, fails with the reason")
    func noCommand() throws {
        let missing = try prober().run(check(.command(["/nonexistent/tool"])))
        #expect(missing?.passed == false)
        #expect(missing?.detail.contains("/nonexistent/tool") == true)
        #expect(try prober().run(check(.command([])))?.passed == false)
    }

    @Test("a command that hangs is ended with its children at the check's time-out")
    func hangingCommand() throws {
        let start = Clocks.monotonic()
        let result = try prober().run(
            check(.command(["sh", "-c", "sleep 600 & sleep 600"]), timeout: .milliseconds(300)))
        #expect(result?.passed == false)
        #expect(result?.detail.contains("not finished in time") == true)
        #expect(Clocks.monotonic() - start < .seconds(30))
    }

    // MARK: Network and units

    @Test("network checks are given to the worker, whose answer is the result")
    func worker() throws {
        let answer = #"{"passed":true,"detail":"status 200"}"#
        let prober = try prober(worker: "grep -q 127.0.0.1 && test $0 = probe && echo '\(answer)'")
        for probe in [
            HealthCheck.Probe.http(url: "http://127.0.0.1/", status: 200, contains: nil),
            .tcp(host: "127.0.0.1", port: 80),
        ] {
            #expect(
                prober.run(check(probe)) == ProbeResult(passed: true, detail: "status 200"))
        }
    }

    @Test("the worker gets the check as JSON that reads back as the same check")
    func workerInput() throws {
        let http = check(.http(url: "http://a/", status: 204, contains: "x\"y"))
        guard case .child(let child) = try prober().attempt(http) else {
            Issue.record("not a child")
            return
        }
        #expect(child.command.arguments.last == "probe")
        #expect(
            child.command.standardInput.map { String(decoding: $0, as: UTF8.self) }
                == http.json.canonical)
        #expect(child.deadline > http.timeout)
    }

    @Test(
        "a worker that fails, says nothing or says nonsense fails the check",
        arguments: [
            "exit 1", "true", "echo nonsense", #"echo '{"passed":true}'"#, "kill -9 $$",
            #"echo '{"passed":true,"detail":"ok"}'; exit 1"#,
            #"echo '{"passed":true,"detail":"ok"}{"passed":true,"detail":"ok"}'"#,
            "cat /dev/zero | head -c 1000000",
        ])
    func brokenWorker(script: String) throws {
        let result = try #require(
            try prober(worker: script).run(check(.tcp(host: "h", port: 1))))
        #expect(!result.passed && !result.detail.isEmpty)
    }

    @Test("a unit is systemd's to judge")
    func unit() throws {
        #expect(try prober().attempt(check(.unit("a.service"))) == .unit("a.service"))
        #expect(try prober().run(check(.unit("a.service"))) == nil)
    }

    // MARK: Floors

    @Test("a disk has enough room, or its check says how much there is")
    func disk() throws {
        try withTemporaryFolder { folder in
            let prober = try prober(folder)
            let some = prober.run(check(.disk(path: "/", free: 1)))
            #expect(some?.passed == true, "\(some?.detail ?? "")")
            let all = prober.run(check(.disk(path: "/", free: .max)))
            #expect(all?.passed == false)
            #expect(all?.detail.contains("\(Int64.max) should be") == true)
            #expect(prober.run(check(.disk(path: "/missing", free: 0)))?.passed == false)
        }
    }

    @Test("memory is what the kernel says is available")
    func memory() throws {
        let prober = try prober()
        #expect(prober.run(check(.memory(available: 1)))?.passed == true)
        let all = prober.run(check(.memory(available: .max)))
        #expect(all?.passed == false)
        #expect(all?.detail.contains("bytes of memory are available") == true)
    }

    // MARK: Secrets

    @Test("what a failing command prints is told without its secrets, even where it is cut")
    func secrets() throws {
        let prober = try prober()
        func detail(_ script: String) -> String {
            prober.run(check(.command(["sh", "-c", script])))?.detail ?? ""
        }
        #expect(
            detail("echo login with password=hunter2 failed >&2; exit 1")
                == "exit status 1: login with password=*** failed")
        let key = "-----BEGIN PRIVATE KEY-----; for i in $(seq 60); do echo MIGHAgEAMBMGByqGSM49"
        let cut = detail("echo \(key); done; echo '-----END PRIVATE KEY-----'; echo no; exit 1")
        #expect(cut == "exit status 1: *** no")
    }
}
