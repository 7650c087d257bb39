import DeviceBus
import DeviceRecords
import Documents
import FleetModel
import Foundation
import HostSystem
import JSONDocument
import ReleaseTrust
import Signatures
import TestSupport
import Testing
import WireMessages

@testable import ResidentAgent

/// The real agent with a real Mosquitto.
@Suite(.enabled(if: FileManager.default.fileExists(atPath: "/usr/sbin/mosquitto")))
struct BusTests {
    @Test("A device is born, tells its state and its events, and says good-bye")
    func life() throws {
        try withBusWorld { world in
            let agent = try world.bench.startAgent()
            #expect(try waits(world.isAllHeard), "\(world.bench.logText())")
            let book = world.aggregator.book
            let birth = try #require(book.presences.first)
            #expect(birth.online)
            let state = try #require(book.states.last)
            #expect(state.alarm == "rejected")
            #expect(state.epoch == birth.epoch)
            #expect(state.labels["device.id"] == "gw-1")
            let event = try #require(book.events.values.first?[1])
            #expect(event.kind == "rejected")
            #expect(event.detail.hasPrefix("invalid: for the test"))
            #expect(world.link.state == "up")
            let status = try world.bench.runAgent(["status", "--json"])
            #expect(status.text.contains("\"state\": \"up\""))
            #expect(try world.bench.runAgent(["status"]).text.contains("link        up since"))
            agent.send(SIGTERM)
            #expect(agent.end() == 0)
            #expect(
                waits {
                    world.aggregator.book.presences.last
                        == Presence(online: false, epoch: birth.epoch)
                })
            #expect(world.link.state == "off")
        }
    }

    @Test("The broker tells the death of an agent, and the next birth has a higher epoch")
    func death() throws {
        try withBusWorld { world in
            let first = try world.bench.startAgent()
            #expect(try waits(world.isAllHeard), "\(world.bench.logText())")
            let birth = try #require(world.aggregator.book.presences.last)
            first.send(SIGKILL)
            #expect(
                waits {
                    world.aggregator.book.presences.last
                        == Presence(online: false, epoch: birth.epoch)
                })
            let second = try world.bench.startAgent()
            #expect(waits { world.aggregator.book.presences.last?.online == true })
            let next = try #require(world.aggregator.book.presences.last)
            #expect(next.epoch == birth.epoch + 65_536)
            // A device that was flashed anew takes up what the broker kept of it.
            second.send(SIGKILL)
            _ = second.end()
            for path in [StateLayout.epoch, StateLayout.outbox, StateLayout.ledger] {
                try world.bench.root.unlink(path)
            }
            let third = try world.bench.startAgent()
            #expect(
                waits { world.aggregator.book.presences.last.map { $0.epoch > next.epoch } == true }
            )
            #expect(world.aggregator.book.presences.last?.epoch == next.epoch + 65_536)
            #expect(try waits(world.isAllHeard))
            #expect(world.aggregator.book.events.count == 2)
            third.send(SIGTERM)
            #expect(third.end() == 0)
        }
    }

    @Test("What nobody acknowledges stays, over lives of the agent and of the broker")
    func unacknowledged() throws {
        try withBusWorld { world in
            world.aggregator.acknowledge(false)
            let first = try world.bench.startAgent()
            #expect(waits { world.link.outboxEvents >= 3 })
            #expect(waits { world.aggregator.book.batches > 0 })
            first.send(SIGKILL)
            _ = first.end()
            world.broker.kill()
            let second = try world.bench.startAgent()
            #expect(waits { world.link.outboxEvents >= 5 })
            #expect(waits { world.link.state != "up" && world.link.problem != nil })
            #expect(
                try world.bench.runAgent(["status", "--json"]).text.contains("\"events\": "))
            world.aggregator.acknowledge(true)
            try world.broker.restart()
            #expect(try waits(world.isAllHeard), "\(world.bench.logText())")
            #expect(world.aggregator.book.events.count == 1)
            second.send(SIGTERM)
            #expect(second.end() == 0)
        }
    }

    @Test("An aggregator that knows a later life of the device is told everything anew")
    func tooLowEpoch() throws {
        try withBusWorld { world in
            world.aggregator.knows(epoch: 1 << 50)
            let agent = try world.bench.startAgent()
            #expect(
                waits { world.aggregator.book.presences.contains { $0.epoch > 1 << 50 } },
                "\(world.bench.logText())")
            #expect(try waits(world.isAllHeard))
            #expect(world.aggregator.book.events.keys.contains { $0 > 1 << 50 })
            agent.send(SIGTERM)
            #expect(agent.end() == 0)
        }
    }

    @Test("An order is believed, shown, and remembered; one that nobody may sign is not")
    func orders() throws {
        try withBusWorld { world in
            let agent = try world.bench.startAgent()
            #expect(waits { world.link.state == "up" }, "\(world.bench.logText())")
            let now = Clocks.wall()
            let tip = try #require(Revision(AgentBench.tip))
            var order = Order(
                fleet: "harbour", channel: "main", id: "first", sequence: now.milliseconds,
                release: tip, tree: tip, tip: tip, salt: String(repeating: "0f", count: 16),
                standing: .rolling,
                openings: [Order.Opening(match: try Selector(""), below: 0, isWhole: true)],
                issued: now, startBefore: now + .seconds(900), expires: now + .seconds(86_400))
            world.aggregator.publish(order)
            #expect(waits { world.link.order?.isOpen == true }, "\(world.bench.logText())")
            #expect(
                waits { world.aggregator.book.states.last?.order == order.sequence }
                    || world.aggregator.book.states.last?.order == nil)
            order.sequence += 1
            order.standing = .paused
            world.aggregator.publish(order)
            #expect(waits { world.link.order?.standing == "paused" })
            #expect(world.link.order?.isOpen == false)
            agent.send(SIGKILL)
            _ = agent.end()
            world.broker.kill()
            let again = try world.bench.startAgent()
            #expect(waits { world.link.order?.standing == "paused" && world.link.state != "up" })
            again.send(SIGTERM)
            #expect(again.end() == 0)
        }
    }

    @Test(
        "A wrong file is named in status and doctor, and put right by a hang-up; the agent goes on")
    func wrongFiles() throws {
        try withBusWorld { world in
            let path = "/etc/flotilla/device.key"
            let key = try #require(try world.bench.root.readFile(path, limit: 4_096))
            try world.bench.write(path, "no key at all")
            let agent = try world.bench.startAgent()
            #expect(waits { world.link.problem?.contains(path) == true })
            #expect(waits { world.fetches > 1 })
            let status = try world.bench.runAgent(["status", "--json"])
            #expect(status.text.contains(path))
            let doctor = try world.bench.runAgent(["doctor"])
            #expect(doctor.text.contains("bad  mqtt: the key \(path)"), "\(doctor.text)")
            try world.bench.root.replaceFile(path, with: key, mode: 0o600)
            agent.send(SIGHUP)
            #expect(waits { world.link.state == "up" }, "\(world.bench.logText())")
            let well = try world.bench.runAgent(["doctor"]).text
            #expect(well.contains("well  mqtt: the agent is connected"), "\(well)")
            #expect(well.contains("well  mqtt certificate"), "\(well)")
            agent.send(SIGTERM)
            #expect(agent.end() == 0)
        }
    }

    @Test("A renewed certificate is taken over at a hang-up, and doctor tells where it was not yet")
    func renewal() throws {
        try withBusWorld { world in
            let agent = try world.bench.startAgent()
            #expect(try waits(world.isAllHeard), "\(world.bench.logText())")
            let birth = try #require(world.aggregator.book.presences.last)
            // Nothing has changed, so nobody hangs up.
            agent.send(SIGHUP)
            let fetches = world.fetches
            #expect(waits { world.fetches > fetches + 1 })
            #expect(world.link.epoch == birth.epoch)

            // Half of a copy.
            let renewed = try world.broker.device(world.id)
            let certificate = Array(try Data(contentsOf: renewed.certificate))
            let key = Array(try Data(contentsOf: renewed.key))
            try world.bench.root.replaceFile(
                "/etc/flotilla/device.pem", with: certificate, mode: 0o600)
            agent.send(SIGHUP)
            #expect(
                waits { world.link.problem?.contains("/etc/flotilla/device.key") == true },
                "\(world.link)")
            #expect(world.link.state == "up" && world.link.epoch == birth.epoch)

            try world.bench.root.replaceFile("/etc/flotilla/device.key", with: key, mode: 0o600)
            let doctor = try world.bench.runAgent(["doctor"]).text
            #expect(doctor.contains("warning  mqtt session: the agent speaks with another"))
            world.aggregator.believe(try SigningKey(pemFile: key).publicKey)
            agent.send(SIGHUP)
            let lines = String(decoding: certificate, as: UTF8.self).split(separator: "\n")
            let new = Base64.decode(Array(lines.filter { !$0.hasPrefix("-") }.joined().utf8))
            #expect(
                waits { world.aggregator.book.certificates.last == new },
                "\(world.bench.logText())")
            #expect(world.aggregator.book.certificates.count == 2)
            #expect(world.link.problem == nil && world.link.epoch != birth.epoch)
            // It went in an orderly way.
            #expect(
                world.aggregator.book.presences.contains(
                    Presence(online: false, epoch: birth.epoch)))
            #expect(!(try world.bench.runAgent(["doctor"]).text.contains("mqtt session")))
            agent.send(SIGTERM)
            #expect(agent.end() == 0)
        }
    }

    @Test("Doctor tries a broker step by step where no agent is connected")
    func doctor() throws {
        try withBusWorld { world in
            let well = try world.bench.runAgent(["doctor"]).text
            #expect(well.contains("well  mqtt name: 127.0.0.1"), "\(well)")
            #expect(well.contains("welcomes this device"), "\(well)")
            #expect(well.contains("well  order: none has come"), "\(well)")
            try world.configure(host: "other.test")
            let wrongName = try world.bench.runAgent(["doctor"]).text
            #expect(wrongName.contains("bad  mqtt:"), "\(wrongName)")
            world.broker.kill()
            try world.configure()
            #expect(try world.bench.runAgent(["doctor"]).text.contains("bad  mqtt:"))
            try world.script(resolve: "echo no such name >&2; exit 1")
            let noName = try world.bench.runAgent(["doctor"]).text
            #expect(noName.contains("bad  mqtt name"), "\(noName)")
        }
    }

    @Test("A look at once needs no broker, and leaves none behind")
    func sync() throws {
        try withBusWorld { world in
            world.broker.kill()
            let result = try world.bench.runAgent(["sync"])
            #expect(result.text.contains("rejected"))
            let hasOutbox = try world.bench.root.exists(StateLayout.outbox)
            #expect(!hasOutbox)
        }
    }
}
