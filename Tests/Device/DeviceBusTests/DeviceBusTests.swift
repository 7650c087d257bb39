import DeviceLink
import DeviceRecords
import Documents
import FleetModel
import Foundation
import HostSystem
import MQTTLink
import ReleaseTrust
import Signatures
import TestSupport
import Testing
import WireMessages

@testable import DeviceBus

/// The bus with a real Mosquitto.
@Suite(.enabled(if: FileManager.default.fileExists(atPath: "/usr/sbin/mosquitto")))
struct DeviceBusTests {
    @Test("What the link can never say is dropped and told once, and what comes after it is said")
    func unsayable() throws {
        try withDesk { desk in
            let bus = try desk.bus()
            try desk.serve(bus) { bus.status.state == "up" && bus.outgoing.isEmpty }
            _ = bus.takeWishes()
            let topic = bus.settings.identity.topics.state(bus.settings.identity.device)
            let tooLarge = LinkMessage(
                topic: topic, payload: [UInt8](repeating: 0, count: Limits.mqttPayloadBytes + 1))
            bus.outgoing += [tooLarge, tooLarge, LinkMessage(topic: topic, payload: [1])]
            try desk.serve(bus) { bus.outgoing.isEmpty }
            #expect(bus.status.state == "up")
            #expect(bus.status.problem?.contains("can't be said: a payload of 65537") == true)
            #expect(bus.takeWishes().count { if case .say = $0 { true } else { false } } == 1)
        }
    }

    @Test("On a disk that takes nothing each life of the device has an epoch of its own")
    func fullDisk() throws {
        try withDesk { desk in
            let first = try desk.epoch()
            let (second, third) = (try desk.epoch(refuses: true), try desk.epoch(refuses: true))
            #expect(first < second && second < third)
            #expect(try desk.epoch() > first)
        }
    }

    @Test("A renewed certificate is seen, and each connection signs with what the files hold")
    func renewal() throws {
        try withDesk { desk in
            let bus = try desk.bus()
            try desk.serve(bus) { bus.status.state == "up" }
            #expect(try bus.hasCurrentCredentials())
            try desk.renew()
            #expect(try !bus.hasCurrentCredentials())
            desk.broker.kill()
            try desk.serve(bus) { bus.status.state != "up" }
            try desk.broker.restart()
            try desk.serve(bus) { bus.status.state == "up" }
            #expect(try bus.hasCurrentCredentials())
            try desk.write("device.key", Array("no key".utf8))
            #expect(throws: BusError.self) { try bus.hasCurrentCredentials() }
        }
    }

    @Test("A kept epoch that no device comes to is damage")
    func hostileEpoch() throws {
        for epoch in [SessionEpochs.highest + 1, .max, -1] {
            let record = LinkEpoch(epoch: epoch).json.pretty
            #expect(throws: InvalidDocument.self) {
                try LinkEpoch(
                    reading: try MessageVerifier.signed.parse(Array(record.utf8)), file: "test")
            }
        }
    }
}

/// A device's files, and a broker that knows it.
private struct Desk {
    let broker: BrokerServer
    let folder: URL

    init(in parent: URL) throws {
        broker = try BrokerServer(in: parent.appendingPathComponent("broker"))
        folder = parent.appendingPathComponent("device")
        for name in ["etc", "var/lib/flotilla", "run/flotilla"] {
            try FileManager.default.createDirectory(
                at: folder.appendingPathComponent(name), withIntermediateDirectories: true)
        }
        try write("ca.pem", Array(Data(contentsOf: broker.authority.certificate)))
        try renew()
        let signer = SigningKey.generate().publicKey.text
        let anchor = TrustAnchor(
            channel: try #require(ChannelName("harbour/main")),
            release: try #require(Revision(String(repeating: "5e", count: 20))),
            allowedSigners: try AllowedSigners(
                text: "a@b.example namespaces=\"flotilla-order,flotilla-ack\" \(signer)\n",
                file: "test"))
        let root = try Root(folder.path)
        try root.makeStateFolders()
        try root.makeFolders(DevicePath.parent(of: StateLayout.anchor))
        try root.replaceFile(
            StateLayout.anchor, with: Array(anchor.json.pretty.utf8), mode: 0o600)
    }

    func write(_ name: String, _ bytes: [UInt8]) throws {
        try Root(folder.path).replaceFile("/etc/\(name)", with: bytes, mode: 0o600)
    }

    /// Puts another key there, with a certificate for it.
    func renew() throws {
        let identity = try broker.device("gw-1")
        try write("device.pem", Array(Data(contentsOf: identity.certificate)))
        try write("device.key", Array(Data(contentsOf: identity.key)))
    }

    /// `refuses`: the disk takes no record of the link.
    func bus(refuses: Bool = false) throws -> DeviceBus {
        let root = try Root(folder.path) { operation, path throws(SystemError) in
            guard refuses, operation == "write", path.contains("link.json") else { return }
            throw SystemError(operation: operation, path: path, code: ENOSPC)
        }
        let text = """
            device: gw-1
            channel: main
            repository: {url: "https://git.example/fleet.git"}
            broker:
              url: mqtts://\(BrokerServer.name):\(broker.port)
              ca: /etc/ca.pem
              certificate: /etc/device.pem
              key: /etc/device.key

            """
        let file = StateLayout.configuration
        try root.makeFolders(DevicePath.parent(of: file))
        try root.replaceFile(file, with: Array(text.utf8), mode: 0o600)
        let settings = try BusSettings(
            try AgentConfiguration(of: root), store: RecordStore(root: root))
        return try DeviceBus(settings, root: root)
    }

    /// The epoch of the first session of a life that is then killed.
    func epoch(refuses: Bool = false) throws -> Int64 {
        let bus = try bus(refuses: refuses)
        try serve(bus) { bus.status.state == "up" }
        return try #require(bus.status.epoch)
    }

    /// What the agent's loop does, until `condition` holds.
    func serve(_ bus: DeviceBus, until condition: () -> Bool) throws {
        let end = Clocks.monotonic() + .seconds(30)
        while !condition() {
            guard Clocks.monotonic() < end else {
                throw ChildFailure(description: "\(bus.status)")
            }
            if bus.status.state == "resolving" { bus.resolved(["127.0.0.1"]) }
            var requests = [bus.pollRequest].compactMap { $0 }
            try PollRequest.wait(for: &requests, timeout: .milliseconds(20))
            bus.serve(requests.first)
        }
    }
}

private func withDesk(_ body: (Desk) throws -> Void) throws {
    try withTemporaryFolder { folder in
        let desk = try Desk(in: folder)
        defer { desk.broker.kill() }
        try body(desk)
    }
}
