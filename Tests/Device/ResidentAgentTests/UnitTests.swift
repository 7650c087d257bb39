import DeviceRecords
import Foundation
import HostSystem
import TestSupport
import Testing

/// What a device asks of systemd. A script answers in its place; that systemd itself does what it is
/// asked is shown where one runs.
@Suite(.enabled(if: geteuid() == 0, "a mount namespace is root's"))
struct UnitTests {
    private let unit = "/etc/systemd/system/a.service"
    private let manifest =
        "units: [{name: a.service, enabled: true, state: running, reload-on: [/etc/a.conf]}]\n"

    @Test("A unit comes, reloads, restarts and leaves as the difference demands, and no more")
    func life() throws {
        try withFleetFollower(services: "systemd") { device in
            try device.release(manifest, files: [unit: "1", "/etc/a.conf": "1"])
            #expect(try device.agent("sync").status == 0)
            #expect(
                try device.asked() == ["daemon-reload", "enable a.service", "restart a.service"])
            try device.release(manifest, files: [unit: "1", "/etc/a.conf": "2"])
            #expect(try device.agent("sync").status == 0)
            #expect(try device.asked() == ["reload-or-restart a.service"])
            try device.release(manifest, files: [unit: "2", "/etc/a.conf": "3"])
            #expect(try device.agent("sync").status == 0)
            #expect(
                try device.asked() == ["daemon-reload", "reenable a.service", "restart a.service"])
            try device.systemctl(
                "[ $1 != show ] || printf 'ActiveState=active\\nUnitFileState=enabled\\n'")
            try device.release("", files: [:])
            #expect(try device.agent("sync").status == 0)
            #expect(
                try device.asked() == [
                    "show --property=ActiveState --property=UnitFileState -- a.service",
                    "stop a.service", "disable a.service", "daemon-reload",
                ])
            let steps = try device.outcomes().filter { $0.kind == "units" }
            #expect(
                steps.suffix(2).map(\.detail) == [
                    "stop a.service, disable a.service", "daemon-reload",
                ])
            #expect(steps.allSatisfy { $0.took != nil })
        }
    }

    @Test("A unit's file that stands there already as it is to be restarts nobody")
    func takeover() throws {
        try withFleetFollower(services: "systemd") { device in
            try device.write(unit, "1")
            try device.write("/etc/a.conf", "1")
            try device.release(manifest, files: [unit: "1", "/etc/a.conf": "1"])
            #expect(try device.agent("sync").status == 0)
            #expect(try device.asked() == ["enable a.service", "start a.service"])
        }
    }

    @Test("A move that is abandoned starts again what ran, and nothing else")
    func undo() throws {
        try withFleetFollower(services: "systemd") { device in
            try device.release(manifest, files: [unit: "1", "/etc/keep": "1"])
            #expect(try device.agent("sync").status == 0)
            _ = try device.asked()
            // It was enabled, and somebody had stopped it; it can't be disabled.
            try device.systemctl(
                """
                case $1 in
                show) printf 'ActiveState=inactive\\nUnitFileState=enabled\\n' ;;
                disable) echo no such thing >&2; exit 1 ;;
                esac
                """)
            try device.release("", files: ["/etc/keep": "2"])
            #expect(try device.agent("sync").status == 1)
            #expect(
                try device.asked().dropFirst() == [
                    "stop a.service", "disable a.service", "enable a.service",
                ])
            #expect(device.text("/etc/keep") == "1" && device.text(unit) == "1")
            #expect(try device.store.read(Journal.self, at: StateLayout.journal) == nil)
        }
    }

    @Test("Where systemd does not say how a unit stands, nothing is touched")
    func unseen() throws {
        try withFleetFollower(services: "systemd") { device in
            try device.release(manifest, files: [unit: "1"])
            #expect(try device.agent("sync").status == 0)
            _ = try device.asked()
            try device.systemctl("[ $1 != show ] || { echo no bus >&2; exit 1; }")
            try device.release("", files: ["/etc/new": "1"])
            let sync = try device.agent("sync")
            #expect(sync.status == 1 && sync.complaint.contains("no bus"))
            #expect(try device.asked().count == 1)
            #expect(device.text(unit) == "1" && device.text("/etc/new") == nil)
        }
    }
}
