import AgentMachine
import DeviceRecords
import Foundation
import HostSystem
import TestSupport
import Testing

/// `flotilla-agent recover`, as early boot runs it: no network, and no unit is started.
@Suite(.enabled(if: geteuid() == 0, "a mount namespace is root's"))
struct EarlyRecoveryTests {
    private func withTwoGenerations(_ body: (FleetFollower) throws -> Void) throws {
        try withFleetFollower(services: "systemd") { device in
            let unit = "units: [{name: a.service, state: running, restart-on: [/etc/price]}]\n"
            for price in ["1", "2"] {
                try device.release(unit, files: ["/etc/price": price, "/etc/other": price])
                #expect(try device.agent("sync").status == 0)
            }
            _ = try device.asked()
            try body(device)
        }
    }

    private func journal(_ device: FleetFollower, _ phase: MovePhase, _ move: Move) throws {
        var ledger = try #require(try device.store.read(Ledger.self, at: StateLayout.ledger))
        ledger.confirmed = 1
        try device.store.write(ledger, at: StateLayout.ledger)
        try device.store.write(Journal(phase: phase, move: move), at: StateLayout.journal)
    }

    @Test("What was torn is made whole, and units and gate are left to the agent")
    func redo() throws {
        try withTwoGenerations { device in
            let move = Move(.upgrade, from: 1, to: 2)
            try journal(device, .flipping, move)
            try device.write("/etc/price", "1")
            let recover = try device.agent("recover")
            #expect(recover.status == 0, "\(recover.complaint)")
            #expect(recover.complaint.contains("generation 2 were placed again"))
            #expect(device.text("/etc/price") == "2")
            #expect(try device.asked().isEmpty)
            #expect(try device.store.read(Journal.self, at: StateLayout.journal)?.move == move)
            #expect(try device.outcomes().last?.kind == "recovered")
            #expect(try device.agent("sync").status == 0)
            #expect(try device.asked().contains("restart a.service"))
        }
    }

    @Test("A way back that flips here disables what leaves, as long as its file is there")
    func wayBack() throws {
        try withFleetFollower(services: "systemd") { device in
            let unit = "/etc/systemd/system/a.service"
            try device.release("", files: ["/etc/price": "1"])
            #expect(try device.agent("sync").status == 0)
            try device.release(
                "units: [{name: a.service, state: running, enabled: true}]\n",
                files: ["/etc/price": "2", unit: "1"])
            #expect(try device.agent("sync").status == 0)
            _ = try device.asked()
            try device.systemctl("test -e '\(device.device)\(unit)' && echo there >> \"$LOG\"")
            try journal(device, .flipping, Move(.goBack, from: 2, to: 1, reason: "sick"))
            let recover = try device.agent("recover")
            #expect(recover.status == 0, "\(recover.complaint)")
            #expect(
                try device.asked() == ["stop a.service", "there", "disable a.service", "there"])
            #expect(device.text("/etc/price") == "1" && device.text(unit) == nil)
            _ = try device.agent("sync")
            #expect(try device.outcomes().contains { $0.kind == "rolledBack" })
            #expect(try device.store.read(Journal.self, at: StateLayout.journal) == nil)
        }
    }

    @Test("What was not begun stays as it was")
    func undo() throws {
        try withTwoGenerations { device in
            try journal(device, .flipping, Move(.upgrade, from: 2, to: 3))
            let recover = try device.agent("recover")
            #expect(recover.status == 0, "\(recover.complaint)")
            #expect(recover.complaint.contains("generation 2 is whole"))
            #expect(device.text("/etc/price") == "2")
        }
    }

    @Test("A device to which nothing was brought, and one that is whole, cost nothing")
    func nothing() throws {
        try withFleetFollower { device in
            #expect(try device.agent("recover").status == 0)
            try device.release("", files: ["/etc/price": "1"])
            #expect(try device.agent("sync").status == 0)
            let ledger = device.text(StateLayout.ledger)
            #expect(try device.agent("recover").status == 0)
            #expect(device.text(StateLayout.ledger) == ledger)
        }
    }

    @Test("What can't be made whole is told, ends by itself, and keeps nobody from booting")
    func fails() throws {
        try withTwoGenerations { device in
            try journal(device, .placed, Move(.upgrade, from: 1, to: 2))
            try device.write("/etc/price", "1")
            try device.root.removeTree(StateLayout.repository + "/objects")
            let recover = try device.agent("recover")
            #expect(recover.status == 1)
            #expect(recover.complaint.contains("are not made whole"))
        }
    }

    @Test("Where an agent is at work, it is left to that")
    func busy() throws {
        try withTwoGenerations { device in
            let lock = try FileLock(StateLayout.lock, below: device.root)
            let isTaken = lock != nil
            #expect(isTaken)
            let recover = try device.agent("recover")
            #expect(recover.status == 0)
            #expect(recover.complaint.contains("somebody else"))
            _ = consume lock
        }
    }
}
