import AgentMachine
import DeviceRecords
import Foundation
import HostSystem
import TestSupport
import Testing

/// Moves that need a boot, and generations that cost too many.
@Suite(.enabled(if: geteuid() == 0, "a mount namespace is root's"))
struct RebootTests {
    private let manifest = "reboot-on: [/etc/kernel]\n"

    private func journal(_ device: FleetFollower) throws -> Journal? {
        try device.store.read(Journal.self, at: StateLayout.journal)
    }

    /// The machine boots: what was written down of its boot is another one's.
    private func boot(_ device: FleetFollower) throws {
        guard var journal = try journal(device) else { return }
        if journal.boot != nil { journal.boot = "another boot" }
        try device.store.write(journal, at: StateLayout.journal)
        guard let count = try device.store.read(BootCount.self, at: StateLayout.boots) else {
            return
        }
        try device.store.write(
            BootCount(
                generation: count.generation, boot: "another boot", thirds: count.thirds,
                hadTime: count.hadTime, isOpen: count.isOpen, wasOrderly: count.wasOrderly),
            at: StateLayout.boots)
    }

    @Test("A change below reboot-on boots the machine after the files, and the gate comes after it")
    func reboots() throws {
        try withFleetFollower(services: "systemd") { device in
            try device.release(manifest, files: ["/etc/kernel/cmdline": "quiet"])
            #expect(try device.agent("sync").status == 1)
            #expect(try device.asked() == ["reboot"])
            #expect(device.text("/etc/kernel/cmdline") == "quiet")
            #expect(try journal(device)?.phase == .rebooting)
            #expect(try device.status()["phase"] as? String == "needsReboot")
            let problem = try #require(try device.status()["problem"] as? String)
            #expect(problem == "generation 1 needs a reboot, for /etc/kernel/cmdline")
            // The agent that starts in the same boot asks again.
            #expect(try device.agent("sync").status == 1)
            #expect(try device.asked() == ["reboot"])
            try boot(device)
            #expect(try device.agent("sync").status == 0)
            #expect(try device.asked().isEmpty)
            #expect(try journal(device) == nil)
            let kinds = try device.outcomes().map(\.kind)
            #expect(kinds == ["flipped", "needsReboot", "confirmed"], "\(kinds)")
            #expect(try !device.root.exists(StateLayout.boots))
        }
    }

    @Test("Without systemd it waits for somebody's boot, and can be taken back meanwhile")
    func waits() throws {
        try withFleetFollower { device in
            try device.release(manifest, files: ["/etc/kernel/cmdline": "quiet"])
            for _ in 0..<5 {
                #expect(try device.agent("sync").status == 1)
                #expect(try journal(device)?.phase == .rebooting)
            }
            #expect(try device.agent("rollback", "--to", "0", "--reason", "why").status == 0)
            #expect(device.text("/etc/kernel/cmdline") == nil)
            // The way back over the same path waits for a boot too.
            #expect(try journal(device)?.phase == .rebooting)
            try boot(device)
            _ = try device.agent("sync")
            #expect(try journal(device) == nil)
            #expect(try device.outcomes().contains { $0.kind == "rolledBack" })
        }
    }

    @Test("A machine that keeps the name of its boot is believed the third time")
    func sameName() throws {
        try withFleetFollower(services: "systemd") { device in
            try device.release(manifest, files: ["/etc/kernel/cmdline": "quiet"])
            var syncs = 1
            while try device.agent("sync").status != 0, syncs < 10 { syncs += 1 }
            #expect(syncs == 4)
            #expect(try device.asked() == ["reboot", "reboot", "reboot"])
        }
    }

    @Test(
        "A generation that costs too many boots is left for good, by early boot or by the agent",
        arguments: ["recover", "sync"])
    func tooManyBoots(command: String) throws {
        try withFleetFollower(more: "maxBoots: 2\n") { device in
            try device.release("", files: ["/etc/price": "1"])
            #expect(try device.agent("sync").status == 0)
            try device.release(
                manifest, files: ["/etc/price": "2", "/etc/kernel/cmdline": "panic"])
            #expect(try device.agent("sync").status == 1)
            #expect(device.text("/etc/price") == "2")
            // It ended in order so far; from now on it does not.
            for number in 0..<2 {
                var count = try #require(
                    try device.store.read(BootCount.self, at: StateLayout.boots))
                count = BootCount(
                    generation: 2, boot: "boot \(number)", thirds: count.thirds, hadTime: true,
                    isOpen: false, wasOrderly: false)
                try device.store.write(count, at: StateLayout.boots)
                #expect(device.text("/etc/price") == "2")
                _ = try device.agent(command)
                if number == 0 { #expect(device.text("/etc/price") == "2") }
            }
            #expect(device.text("/etc/price") == "1")
            try boot(device)
            #expect(try device.agent("sync").status == 1)
            let failed = try #require(try device.outcomes().first { $0.kind == "failed" })
            #expect(failed.detail == "not confirmed after 2 boots that ended in no order")
            #expect(try device.alarm()?.kind == "knownBad")
            #expect(try device.status()["generation"] as? Int == 1)
            #expect(try !device.root.exists(StateLayout.boots))
        }
    }
}
