import AgentMachine
import DeviceRecords
import FleetModel
import Foundation
import HostSystem
import TestSupport
import Testing
import Transaction

@testable import Staging

@Suite(.enabled(if: geteuid() == 0, "files are given to root")) struct ValidationTests {
    private func withValidator(
        _ command: String, timeout: String = "30s", _ body: (StagedFleet) throws -> Void
    ) throws {
        try withFleet { fleet in
            try fleet.repository.write(
                StagedFleet.bundle,
                StagedFleet.bundleText + "check:\n  - {command: \(command), timeout: \(timeout)}\n")
            try fleet.release("Checked", at: 1)
            try body(fleet)
        }
    }

    private func reason(_ outcome: StageOutcome) -> String? {
        guard case .rejected(_, "validator", let reason) = outcome.verdict else {
            Issue.record("not rejected by the validator: \(outcome)")
            return nil
        }
        return reason
    }

    @Test("A validator sees what is staged and what stands already, each at its own path")
    func seesTheStage() throws {
        let command =
            #"[/bin/sh, -c, 'grep -q gw-1 "$1/etc/web/site.conf" && "#
            + #"grep -q plain "$FLOTILLA_STAGE/etc/web/plain"', check, '{{stage}}']"#
        try withValidator(command) { fleet in
            // One of the two stands there already and is not staged.
            try fleet.root.makeFolders("/etc/web")
            try fleet.root.createFile(
                "/etc/web/plain", contents: Array("plain\n".utf8), mode: 0o640)
            let candidate = try #require(fleet.candidate(of: try fleet.fetchAndStage()))
            #expect(
                try fleet.stagedTexts(candidate.generation).keys.sorted() == ["/etc/web/site.conf"])
            #expect(try !fleet.root.exists(StateLayout.stageView(of: candidate.generation)))
        }
    }

    @Test("A validator that says no is quoted, and the stage is gone without a trace")
    func saysNo() throws {
        try withValidator("[/bin/sh, -c, 'echo line 3 is odd >&2; exit 4']") { fleet in
            let before = try fleet.snapshot(without: StagedFleet.own)
            let reason = try #require(reason(try fleet.fetchAndStage()))
            #expect(reason.contains("line 3 is odd"))
            #expect(reason.contains("/bin/sh") && reason.contains("of web"))
            #expect(try fleet.snapshot(without: StagedFleet.own) == before)
            #expect(try Generations.numbers(in: fleet.store).isEmpty)
            // The next one gets a number of its own.
            try fleet.repository.write(StagedFleet.bundle, StagedFleet.bundleText)
            try fleet.release("Unchecked", at: 2)
            #expect(fleet.candidate(of: try fleet.fetchAndStage())?.generation == 2)
        }
    }

    @Test("A validator that hangs is ended at its time-out")
    func hangs() throws {
        try withValidator("[/bin/sleep, '600']", timeout: "100ms") { fleet in
            let start = Date()
            let outcome = try fleet.fetchAndStage()
            #expect(reason(outcome) != nil)
            #expect(Date().timeIntervalSince(start) < 60)
        }
    }

    @Test("A validator that the device does not have is a rejection, not a trouble")
    func missing() throws {
        try withValidator("[/usr/bin/no-such-validator]") { fleet in
            let reason = try #require(reason(try fleet.fetchAndStage()))
            #expect(reason.contains("/usr/bin/no-such-validator"))
            #expect(try Generations.numbers(in: fleet.store).isEmpty)
        }
    }

    // MARK: At their own paths

    private func withPlaced(
        _ script: String, timeout: String = "30s", files: String = StagedFleet.bundleText,
        _ body: (StagedFleet) throws -> Void
    ) throws {
        try withFleet { fleet in
            let command = "[/bin/sh, -c, '\(script)']"
            try fleet.repository.write(
                StagedFleet.bundle,
                files + "check:\n  - {command: \(command), timeout: \(timeout), view: place}\n")
            try fleet.release("Checked", at: 1)
            try body(fleet)
        }
    }

    @Test("A validator may see the new files at their own paths, where nobody else sees them")
    func seesThePlace() throws {
        let script =
            #"cd "$FLOTILLA_ROOT/etc/web" && grep -q gw-1 site.conf && grep -q plain plain && "#
            + #"test "$(cat vendor/default)" = vendor && test -L vendor/link && "#
            + #"test "$(stat -c %a plain)" = 640 && echo x > "$FLOTILLA_ROOT/ran""#
        try withPlaced(script) { fleet in
            // One is there and changes, one is new in a folder that is there.
            try fleet.root.makeFolders("/etc/web/vendor")
            try fleet.root.createFile("/etc/web/site.conf", contents: [0x78], mode: 0o600)
            try fleet.root.createFile(
                "/etc/web/vendor/default", contents: Array("vendor".utf8), mode: 0o600)
            try fleet.root.symbolicLink("default", at: "/etc/web/vendor/link")
            let candidate = fleet.candidate(of: try fleet.fetchAndStage())
            #expect(candidate != nil)
            #expect(try fleet.text("/ran") == "x\n")
            #expect(try fleet.text("/etc/web/site.conf") == "x")
            #expect(try !fleet.root.exists("/etc/web/plain"))
        }
    }

    @Test("It does not see what leaves, and sees a whole new folder")
    func seesWhatLeaves() throws {
        let script =
            #"cd "$FLOTILLA_ROOT/etc" && test ! -e web/site.conf && test -s new/deep/plain && "#
            + #"test -e web/kept && echo x > "$FLOTILLA_ROOT/ran""#
        let files = """
            match: role=gateway
            files:
              - {source: files/plain, path: /etc/new/deep/plain}

            """
        try withFleet { fleet in
            try fleet.root.makeFolders("/etc/web")
            try fleet.root.createFile("/etc/web/kept", contents: [], mode: 0o600)
            try fleet.apply()
            #expect(try fleet.root.exists("/etc/web/site.conf"))
            try fleet.repository.write(
                StagedFleet.bundle,
                files + "check:\n  - {command: [/bin/sh, -c, '\(script)'], view: place}\n")
            try fleet.release("Moved", at: 1)
            #expect(fleet.candidate(of: try fleet.fetchAndStage()) != nil)
            #expect(try fleet.text("/ran") == "x\n")
            #expect(try fleet.root.exists("/etc/web/site.conf"))
            #expect(try !fleet.root.exists("/etc/new"))
        }
    }

    @Test("One that says no is quoted, without secrets, and one that hangs is ended with its group")
    func placedSaysNo() throws {
        try withPlaced("echo token=abcdef0123456789 is odd >&2; exit 4") { fleet in
            let reason = try #require(reason(try fleet.fetchAndStage()))
            #expect(reason.contains("exit status 4") && reason.contains("is odd"))
            #expect(!reason.contains("abcdef0123456789"))
        }
        let script = #"sleep 600 & echo $! > "$FLOTILLA_ROOT/child"; wait"#
        try withPlaced(script, timeout: "500ms") { fleet in
            let reason = try #require(reason(try fleet.fetchAndStage()))
            #expect(reason.contains("not finished in time"))
            let pid = try #require(try fleet.text("/child").flatMap { Int32($0.dropLast()) })
            #expect(kill(pid, 0) != 0 || isZombie(pid))
        }
    }

    private func isZombie(_ pid: Int32) -> Bool {
        let text = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
        return text.contains(") Z")
    }

    @Test("Every mark in a word is replaced, and nothing else")
    func replacing() {
        #expect(replaced("{{stage}}/a:{{stage}}", "{{stage}}", by: "/s") == "/s/a:/s")
        #expect(replaced("{{{stage}}}", "{{stage}}", by: "/s") == "{/s}")
        #expect(replaced("{{stage", "{{stage}}", by: "/s") == "{{stage")
        #expect(replaced("", "{{stage}}", by: "/s") == "")
    }
}
