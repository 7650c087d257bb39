import DeviceRecords
import Foundation
import HostSystem
import TestSupport
import Testing

/// Hooks as real programs, on a device that follows a real Git server.
@Suite(.enabled(if: geteuid() == 0, "fetching gives up root's rights"))
struct HookTests {
    private func hook(
        _ name: String, _ moment: String, _ script: String, timeout: String = "60s"
    ) -> String {
        let quoted = script.replacingOccurrences(of: "'", with: "''")
        return
            "  - {name: \(name), moment: \(moment), timeout: \(timeout), command: [/bin/sh, -c, '\(quoted)']}\n"
    }

    @Test("A hook that says not now leaves no trace, is told once, and the move comes later")
    func notNow() throws {
        try withFleetFollower { device in
            let script = #"test -e "$FLOTILLA_ROOT/ready" || { echo a customer pays; exit 75; }"#
            try device.release(
                "hooks:\n" + hook("till", "before", script), files: ["/etc/price": "1"])
            for _ in 0..<2 { #expect(try device.agent("sync").status == 1) }
            #expect(device.text("/etc/price") == nil)
            #expect(try Generations.numbers(in: device.store).isEmpty)
            #expect(try device.store.read(Journal.self, at: StateLayout.journal) == nil)
            let alarm = try #require(try device.alarm())
            #expect(alarm.kind == "postponed")
            #expect(alarm.detail == "hook web/till: exit status 75: a customer pays")
            #expect(try device.outcomes().map(\.kind) == ["postponed"])
            try device.write("/ready", "")
            #expect(try device.agent("sync").status == 0)
            #expect(device.text("/etc/price") == "1")
            #expect(try device.alarm() == nil)
        }
    }

    @Test("A hook that refuses rejects the release: nothing is touched, and no secret is told")
    func refuses() throws {
        try withFleetFollower { device in
            let script = "echo checking; echo password=hunter2 is wrong >&2; exit 3"
            try device.release(
                "hooks:\n" + hook("guard", "before", script), files: ["/etc/price": "1"])
            #expect(try device.agent("sync").status == 1)
            #expect(device.text("/etc/price") == nil)
            let alarm = try #require(try device.alarm())
            #expect(alarm.kind == "rejected")
            #expect(alarm.detail.hasPrefix("hook: hook web/guard: exit status 3: "))
            #expect(!alarm.detail.contains("hunter2"))
            let ledger = try #require(device.text(StateLayout.ledger))
            #expect(!ledger.contains("hunter2"))
        }
    }

    @Test("Hooks know what changes, for which move, and run in both directions")
    func variables() throws {
        try withFleetFollower { device in
            let note =
                #"echo "$FLOTILLA_MOMENT $FLOTILLA_PURPOSE $FLOTILLA_PREVIOUS-$FLOTILLA_GENERATION "#
                + #"$FLOTILLA_BUNDLE $FLOTILLA_CHANGED_COUNT" $FLOTILLA_CHANGED >> "$FLOTILLA_ROOT/log""#
            let manifest =
                "hooks:\n" + hook("b", "before", note) + hook("a", "after", note)
            try device.release(manifest, files: ["/etc/a": "1", "/etc/b": "1"])
            #expect(try device.agent("sync").status == 0)
            try device.release(manifest, files: ["/etc/a": "2", "/etc/b": "1"])
            #expect(try device.agent("sync").status == 0)
            #expect(try device.agent("rollback", "--reason", "odd").status == 0)
            #expect(
                device.text("/log") == """
                    before upgrade 0-1 web 2 /etc/a /etc/b
                    after upgrade 0-1 web 2 /etc/a /etc/b
                    before upgrade 1-2 web 1 /etc/a
                    after upgrade 1-2 web 1 /etc/a
                    before goBack 2-1 web 1 /etc/a
                    after goBack 2-1 web 1 /etc/a

                    """)
            try device.write("/etc/b", "drifted")
            #expect(try device.agent("sync").status == 1)
            #expect(device.text("/etc/b") == "1")
            #expect(device.text("/log")?.hasSuffix("after heal 1-1 web 1 /etc/b\n") == true)
        }
    }

    @Test("At its time-out a hook is ended with all of its group", arguments: ["before", "after"])
    func hangs(moment: String) throws {
        try withFleetFollower { device in
            // The second process is left behind by the one that the agent started.
            let script =
                #"sleep 600 & echo $! > "$FLOTILLA_ROOT/child"; (sleep 601 & echo $! > "#
                + #""$FLOTILLA_ROOT/grandchild") ; wait"#
            try device.release(
                "hooks:\n" + hook("slow", moment, script, timeout: "500ms"),
                files: ["/etc/price": "1"])
            #expect(try device.agent("sync").status == 1)
            #expect(device.text("/etc/price") == nil)
            for name in ["/child", "/grandchild"] {
                let pid = try #require(device.text(name).flatMap { Int32($0.dropLast()) })
                #expect(waits { !isAlive(pid) }, "\(name)")
            }
            let last = try #require(try device.outcomes().last { $0.kind != "knownBad" })
            #expect(last.kind == (moment == "before" ? "rejected" : "rolledBack"))
            #expect(last.detail.contains("not finished in time"))
        }
    }

    @Test("A hook after the flip that fails sends the device back to the old bytes")
    func afterFails() throws {
        try withFleetFollower { device in
            try device.release("", files: ["/etc/price": "1"])
            #expect(try device.agent("sync").status == 0)
            let script = #"test "$FLOTILLA_PURPOSE" = goBack || { echo it shows nothing; exit 1; }"#
            try device.release(
                "hooks:\n" + hook("look", "after", script), files: ["/etc/price": "2"])
            #expect(try device.agent("sync").status == 1)
            #expect(device.text("/etc/price") == "1")
            let kinds = try device.outcomes().map(\.kind)
            #expect(
                kinds.suffix(5) == ["hook", "failed", "flipped", "hook", "rolledBack"],
                "\(kinds)")
            let failed = try #require(try device.outcomes().last { $0.kind == "failed" })
            #expect(failed.detail == "hook web/look: exit status 1: it shows nothing")
            #expect(failed.took != nil)
            let history = try device.agent("history")
            #expect(history.text.contains("flipped generation 2 in "))
        }
    }

    @Test("What a move between two kept generations does is shown, in text and in JSON")
    func diff() throws {
        try withFleetFollower { device in
            let manifest =
                "reboot-on: [/etc/kernel]\nunits: [{name: a.service, state: running, enabled: true}]\n"
                + "hooks:\n" + hook("b", "before", "true") + hook("a", "after", "true")
            try device.release(
                manifest,
                files: [
                    "/etc/kernel/cmdline": "quiet", "/etc/systemd/system/a.service": "[Service]",
                ])
            #expect(try device.agent("sync").status == 1)
            let text = try device.agent("diff", "0", "1").text
            #expect(
                text.split(separator: "\n").map(String.init) == [
                    "added  /etc/kernel/cmdline", "added  /etc/systemd/system/a.service",
                    "hook before  web/b: /bin/sh -c true (2 paths)", "systemctl daemon-reload",
                    "systemctl enable a.service", "systemctl restart a.service",
                    "hook after  web/a: /bin/sh -c true (2 paths)",
                    "reboot  for /etc/kernel/cmdline",
                ])
            let json = try device.agent("diff", "1", "0", "--json")
            let plan = try #require(
                JSONSerialization.jsonObject(with: Data(json.output)) as? [String: Any])
            #expect(plan["unitsBefore"] as? [String] == ["stop a.service", "disable a.service"])
            #expect(plan["reboot"] as? [String] == ["/etc/kernel/cmdline"])
            #expect((plan["hooksAfter"] as? [[String: Any]])?.first?["hook"] as? String == "web/a")
        }
    }
}
