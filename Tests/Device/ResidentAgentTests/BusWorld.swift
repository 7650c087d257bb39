import DeviceBus
import DeviceRecords
import Documents
import FleetModel
import Foundation
import HostSystem
import ReleaseTrust
import Signatures
import TestSupport
import Testing
import WireMessages

/// A device with a real agent, a real broker, and somebody who listens.
struct BusWorld {
    let broker: BrokerServer
    let bench: AgentBench
    let aggregator: TestAggregator
    let id = "gw-1"

    init(in folder: URL) throws {
        broker = try BrokerServer(in: folder.appendingPathComponent("broker"))
        bench = try AgentBench(in: folder.appendingPathComponent("device"))
        let identity = try broker.device(id)
        let files = [
            ("broker-ca.pem", broker.authority.certificate), ("device.pem", identity.certificate),
            ("device.key", identity.key),
        ]
        for (name, source) in files {
            try bench.root.replaceFile(
                "/etc/flotilla/\(name)", with: Array(Data(contentsOf: source)), mode: 0o600)
        }
        let key = try SigningKey(pemFile: Array(Data(contentsOf: identity.key)))
        aggregator = try TestAggregator(broker, hears: id, key: key.publicKey)
        let anchor = TrustAnchor(
            channel: try #require(ChannelName("harbour/main")),
            release: try #require(Revision(AgentBench.tip)),
            allowedSigners: try AllowedSigners(text: aggregator.signersLine, file: "test"))
        try bench.write(StateLayout.anchor, anchor.json.pretty)
        try configure()
        try script()
    }

    func configure(host: String = BrokerServer.name, port: Int? = nil, fetchEvery: String = "1s")
        throws
    {
        try bench.configure(device: id, fetchEvery: fetchEvery)
        let text = """
            broker:
              url: mqtts://\(host):\(port ?? broker.port)
              ca: /etc/flotilla/broker-ca.pem
              certificate: /etc/flotilla/device.pem
              key: /etc/flotilla/device.key

            """
        let path = "\(bench.device)/etc/flotilla/agent.yaml"
        let before = try String(contentsOfFile: path, encoding: .utf8)
        try (before + text).write(toFile: path, atomically: true, encoding: .utf8)
    }

    /// A worker whose every stage comes to another rejection, so that there is an outcome for each
    /// fetch; `resolve` may do something else.
    func script(resolve: String? = nil, before: String = "true") throws {
        let found = "{\"addresses\":[\"127.0.0.1\"],\"format\":1}"
        try bench.script(
            """
            \(before)
            case $1 in
            resolve) \(resolve ?? "echo '\(found)'") ;;
            fetch) echo x >> "$DEVICE/fetches"; fetched ;;
            stage)
                number=$(wc -l < "$DEVICE/fetches")
                rejected | sed "s/for the test/for the test $number/" ;;
            esac
            """)
    }

    var fetches: Int { bench.text("/fetches")?.utf8.count { $0 == UInt8(ascii: "\n") } ?? 0 }

    var link: LinkStatus {
        (try? bench.store.readIfWhole(LinkStatus.self, at: StateLayout.link)) ?? LinkStatus()
    }

    func ledger() throws -> Ledger {
        try bench.store.read(Ledger.self, at: StateLayout.ledger) ?? Ledger()
    }

    /// All outcomes of the device are known to the aggregator, and the outbox is empty.
    func isAllHeard() throws -> Bool {
        let last = try ledger().lastSequence
        guard last > 0, link.outboxEvents == 0 else { return false }
        return aggregator.book.events.values.contains { (1...last).allSatisfy($0.keys.contains) }
    }
}

func withBusWorld(_ body: (BusWorld) throws -> Void) throws {
    try withTemporaryFolder { folder in
        let world = try BusWorld(in: folder)
        defer {
            world.aggregator.end()
            world.broker.kill()
        }
        try body(world)
        #expect(world.aggregator.book.faults == [])
    }
}
