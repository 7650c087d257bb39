import DeviceRecords
import Foundation
import HostSystem
import TestSupport
import Testing

@testable import ResidentAgent

/// The built agent and a systemd that is a script: what it was asked, and what it answers.
@Suite(
    .enabled(
        if: geteuid() == 0 && mayMount, "a systemctl of the test's own needs a mount namespace"))
struct UnitDriftAgentTests {
    private static let unit = "hello.service"

    @Test("a unit that was stopped and disabled by hand runs and starts at boot again")
    func stopped() throws {
        try withUnits { follower, systemd in
            try systemd.set("active", "inactive")
            try systemd.set("file", "disabled")
            try systemd.forgetCalls()
            _ = try follower.agent("sync")
            #expect(try systemd.value("active") == "active")
            #expect(try systemd.value("file") == "enabled")
            #expect(try systemd.calls().suffix(2) == ["enable \(Self.unit)", "start \(Self.unit)"])
            #expect(try follower.kinds().suffix(2) == ["drift", "healed"])
            // Nothing differs any more, so nothing is asked but how it stands.
            try systemd.forgetCalls()
            #expect(try follower.agent("sync").status == 0)
            #expect(try systemd.calls().allSatisfy { $0.hasPrefix("show") })
        }
    }

    @Test("a unit that was masked is unmasked and started")
    func masked() throws {
        try withUnits { follower, systemd in
            try systemd.set("active", "inactive")
            try systemd.set("file", "masked")
            try systemd.forgetCalls()
            _ = try follower.agent("sync")
            let calls = try systemd.calls().filter { !$0.hasPrefix("show") }
            #expect(
                calls == [
                    "unmask \(Self.unit)", "enable \(Self.unit)", "start \(Self.unit)",
                ])
        }
    }

    @Test("what `systemctl edit` wrote is told by every look, and not taken away")
    func overridden() throws {
        try withUnits { follower, systemd in
            let file = "/etc/systemd/system/\(Self.unit).d/override.conf"
            try systemd.set("dropins", file)
            _ = try follower.agent("sync")
            let diff = try follower.agent("diff")
            #expect(diff.status == 1)
            #expect(diff.text == "overridden  \(Self.unit)  not the fleet's: \(file)")
            let drift = try #require(try follower.status()["drift"] as? [String: Any])
            let item = try #require((drift["items"] as? [[String: Any]])?.first)
            #expect(item["unit"] as? String == Self.unit)
            #expect(item["path"] is NSNull)
            #expect(item["standing"] as? String == "reported")
        }
    }

    @Test("where the unit itself says `drift: heal`, it is set aside and kept")
    func setAside() throws {
        try withUnits(more: ", drift: heal") { follower, systemd in
            let path = "/etc/systemd/system/\(Self.unit).d/override.conf"
            let root = try Root(follower.root.path)
            try root.makeFolders("/etc/systemd/system/\(Self.unit).d")
            try root.createFile(path, contents: Array("[Service]".utf8), mode: 0o644)
            try systemd.set("dropins", path)
            try systemd.forgetCalls()
            _ = try follower.agent("sync")
            #expect(try !root.exists(path))
            #expect(try root.readFile(path + ".set-aside", limit: 99) == Array("[Service]".utf8))
            let calls = try systemd.calls().filter { !$0.hasPrefix("show") }
            #expect(calls == ["daemon-reload", "try-restart \(Self.unit)"])
        }
    }

    @Test("a systemd that does not answer is told, and hides no path")
    func silent() throws {
        try withUnits { follower, systemd in
            try systemd.set("broken", "yes")
            try Data("by hand".utf8).write(
                to: follower.root.appendingPathComponent("etc/hello"))
            let sync = try follower.agent("sync")
            #expect(sync.complaint.contains("systemctl show"))
            #expect(try follower.file() == "greeting: one")
        }
    }

    @Test("a resident agent hears at once of what is written where systemd reads")
    func atOnce() throws {
        try withUnits { follower, systemd in
            let agent = try follower.startAgent()
            let store = RecordStore(root: try Root(follower.root.path))
            let before = try store.read(LiveStatus.self, at: StateLayout.status)?.lastScan
            #expect(
                try waits {
                    let live = try store.read(LiveStatus.self, at: StateLayout.status)
                    return live?.lastScan != before && live?.phase == "idle"
                })
            try systemd.set("file", "masked")
            try store.root.makeFolders("/etc/systemd/system")
            try store.root.symbolicLink(
                "/dev/null", at: "/etc/systemd/system/\(Self.unit)")
            #expect(try waits { try systemd.value("file") == "enabled" })
            agent.send(SIGTERM)
            #expect(agent.end() == 0)
        }
    }

    private func withUnits(
        more: String = "", _ body: (Follower, ScriptedSystemd) throws -> Void
    ) throws {
        let bundle = """
            match: ""
            files: [{source: hello, path: /etc/hello}]
            units: [{name: \(Self.unit), enabled: true, state: running\(more)}]
            health: {settle: 100ms}

            """
        try withFollower(bundle: bundle, services: "systemd") { follower in
            let systemd = try ScriptedSystemd(in: follower.root.deletingLastPathComponent())
            follower.wrapper = systemd.wrapper
            try follower.release("greeting: one")
            #expect(try follower.agent("sync").status == 0)
            try body(follower, systemd)
        }
    }
}

/// A `systemctl` of one unit, which only the agent that is started through `wrapper` sees.
private struct ScriptedSystemd {
    private let state: URL
    private let programs: URL

    init(in folder: URL) throws {
        state = folder.appendingPathComponent("systemd")
        programs = folder.appendingPathComponent("sbin")
        for folder in [state, programs] {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        }
        let script = """
            #!/bin/sh
            cd '\(state.path)' || exit 1
            while true; do
                case $1 in
                --no-*) shift ;;
                *) break ;;
                esac
            done
            echo "$*" >> calls
            case $1 in
            show)
                [ -e broken ] && { echo "no bus" >&2; exit 1; }
                load=loaded
                [ "$(cat file)" = masked ] && load=masked
                echo "Id=hello.service"
                echo "LoadState=$load"
                echo "ActiveState=$(cat active)"
                echo "UnitFileState=$(cat file)"
                echo "DropInPaths=$(cat dropins)" ;;
            start) printf active > active ;;
            enable|unmask) printf enabled > file ;;
            esac
            """
        let program = programs.appendingPathComponent("systemctl")
        try Data(script.utf8).write(to: program)
        chmod(program.path, 0o755)
        try set("active", "active")
        try set("file", "enabled")
        try set("dropins", "")
    }

    /// `/usr/local/sbin` comes first where the agent looks for programs.
    var wrapper: [String] {
        [
            "unshare", "--mount", "sh", "-c",
            "mount --bind \"$0\" /usr/local/sbin && exec \"$@\"", programs.path,
        ]
    }

    func set(_ name: String, _ value: String) throws {
        try Data(value.utf8).write(to: state.appendingPathComponent(name))
    }

    func value(_ name: String) throws -> String {
        try String(contentsOf: state.appendingPathComponent(name), encoding: .utf8)
    }

    func calls() throws -> [String] {
        try value("calls").split(separator: "\n").map(String.init)
    }

    func forgetCalls() throws { try set("calls", "") }
}

/// Whether this machine lets a test have mounts of its own.
private let mayMount: Bool = {
    let folder = FileManager.default.temporaryDirectory
    let result = try? runChild(
        ["unshare", "--mount", "sh", "-c", "mount --bind /usr/local/sbin /usr/local/sbin"],
        in: folder)
    return result?.status == 0
}()
