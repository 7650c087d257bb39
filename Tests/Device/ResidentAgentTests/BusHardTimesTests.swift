import DeviceBus
import DeviceRecords
import Foundation
import HostSystem
import TestSupport
import Testing
import WireMessages

@testable import ResidentAgent

/// The broker, the names or the disk are against the agent.
@Suite(.enabled(if: FileManager.default.fileExists(atPath: "/usr/sbin/mosquitto")))
struct BusHardTimesTests {
    /// The agent does its work, and does not spin.
    private func expectGoesOn(_ world: BusWorld, _ agent: AgentProcess) {
        let (before, ticks) = (world.fetches, agent.ticks())
        usleep(2_500_000)
        #expect(world.fetches >= before + 2, "\(world.bench.logText())")
        #expect(agent.ticks() - ticks < 60)
    }

    @Test("A broker that takes no connection keeps nothing from going on")
    func blackHole() throws {
        try withBusWorld { world in
            let hole = try ListeningSocket()
            // The kernel drops what comes when the queue of a listener is full.
            let fillers = (0..<40).map { _ in Connection(to: hole.port) }
            try world.configure(port: hole.port)
            let agent = try world.bench.startAgent()
            #expect(waits { world.link.state == "connecting" }, "\(world.bench.logText())")
            expectGoesOn(world, agent)
            #expect(world.link.state == "connecting")
            agent.send(SIGTERM)
            #expect(agent.end() == 0)
            withExtendedLifetime(fillers) {}
        }
    }

    @Test("A broker that stops in the TLS handshake keeps nothing from going on")
    func silentHandshake() throws {
        try withBusWorld { world in
            let silent = try ListeningSocket()
            try world.configure(port: silent.port)
            let agent = try world.bench.startAgent()
            #expect(waits { world.link.state == "connecting" }, "\(world.bench.logText())")
            expectGoesOn(world, agent)
            #expect(world.link.state == "connecting")
            agent.send(SIGTERM)
            #expect(agent.end() == 0)
            withExtendedLifetime(silent) {}
        }
    }

    @Test("A broker that freezes keeps nothing from going on")
    func frozen() throws {
        try withBusWorld { world in
            let agent = try world.bench.startAgent()
            #expect(waits { world.link.state == "up" }, "\(world.bench.logText())")
            world.broker.freeze()
            expectGoesOn(world, agent)
            world.broker.thaw()
            #expect(try waits(world.isAllHeard))
            world.broker.freeze()
            agent.send(SIGTERM)
            // It waits for a good-bye, and not for ever.
            #expect(agent.end() == 0)
            world.broker.thaw()
        }
    }

    @Test(
        "A name server that never answers keeps nothing from going on, nor does it keep the lock",
        .enabled(if: geteuid() == 0 && FileManager.default.fileExists(atPath: "/usr/sbin/ip")))
    func deadNameServer() throws {
        try withBusWorld { world in
            // The real worker, in a network where the name server is a black hole.
            let real = world.bench.folder.appendingPathComponent("bin/real-worker").path
            try copyBuiltProgram("flotilla-worker", to: real)
            try world.script(resolve: "touch \"$DEVICE/resolving\"; exec \(real) \"$@\"")
            let servers = world.bench.folder.appendingPathComponent("resolv.conf").path
            try "nameserver 192.0.2.53\noptions timeout:30 attempts:5\n".write(
                toFile: servers, atomically: true, encoding: .utf8)
            let hole = """
                mount --bind \(servers) /etc/resolv.conf && ip link set lo up \
                && ip link add hole type veth peer name end \
                && ip address add 192.0.2.1/24 dev hole \
                && ip link set hole up && ip link set end up \
                && ip neighbour add 192.0.2.53 lladdr 02:00:00:00:00:01 dev hole
                """
            // The namespaces are the agent's own, and go with it.
            let agent = try world.bench.startAgent(
                setup: "true", wrapper: "unshare -n -m bash -c '\(hole) && exec \"$0\" \"$@\"'")
            #expect(waits { world.bench.text("/resolving") != nil }, "\(world.bench.logText())")
            expectGoesOn(world, agent)
            #expect(world.link.state == "resolving", "\(world.bench.logText())")
            try world.configure(fetchEvery: "1h")
            agent.send(SIGHUP)
            // The look-up is under way, and a technician gets his turn.
            #expect(try world.bench.runAgent(["sync"]).status == AgentExit.notWell.rawValue)
            #expect(
                waits { world.link.problem?.contains("not finished in time") == true },
                "\(world.bench.logText())")
            agent.send(SIGTERM)
            #expect(agent.end() == 0)
        }
    }

    @Test("A full disk does not keep a device from being heard, and nothing is lost")
    func fullDisk() throws {
        try withBusWorld { world in
            // The records that the link begins with are there.
            let first = try world.bench.startAgent()
            #expect(try waits(world.isAllHeard), "\(world.bench.logText())")
            first.send(SIGTERM)
            #expect(first.end() == 0)
            let epoch = world.aggregator.book.presences.map(\.epoch).max() ?? 0
            try world.script(resolve: nil, before: "ulimit -S -f unlimited")
            let agent = try world.bench.startAgent(setup: "trap '' XFSZ; ulimit -S -f 0")
            #expect(
                waits {
                    world.aggregator.book.presences.contains { $0.online && $0.epoch > epoch }
                })
            let pid = String(agent.process.processIdentifier)
            try run("prlimit", ["--pid", pid, "--fsize=unlimited:unlimited"])
            let last = try world.ledger().lastSequence
            let goesOn = try waits { try world.ledger().lastSequence > last }
            #expect(goesOn)
            #expect(try waits(world.isAllHeard), "\(world.bench.logText())")
            agent.send(SIGTERM)
            #expect(agent.end() == 0)
        }
    }

    @Test("Whenever agent and broker are killed, no outcome is lost")
    func kills() throws {
        try withBusWorld { world in
            var random = SeededGenerator(seed: 50)
            for round in 0..<50 {
                let agent = try world.bench.startAgent()
                if round % 4 == 1 {
                    usleep(.random(in: 0...500_000, using: &random))
                    world.broker.kill()
                    usleep(.random(in: 0...300_000, using: &random))
                    try world.broker.restart()
                }
                usleep(.random(in: 20_000...900_000, using: &random))
                agent.send(SIGKILL)
                _ = agent.end()
            }
            let agent = try world.bench.startAgent()
            #expect(try waits(world.isAllHeard), "\(world.bench.logText())")
            #expect(try world.ledger().lastSequence >= 40)
            // All of it in one count: nothing was told anew under another number.
            #expect(world.aggregator.book.events.count == 1)
            agent.send(SIGTERM)
            #expect(agent.end() == 0)
        }
    }
}

/// A connection that is begun and does nothing.
private final class Connection {
    private let descriptor = socket(
        AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)

    init(to port: Int) {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        _ = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    deinit { close(descriptor) }
}
