import Documents
import FleetCertificates
import FleetModel
import Foundation
import HostSystem
import ReleaseTrust
import Signatures
import TestSupport
import Testing
import WireMessages

@testable import Ingest

/// An authority, some devices with its certificates, and the judge of what they say.
private struct Bus {
    struct Device {
        var id: DeviceID
        var key: SigningKey
        var certificate: [UInt8]
        var identity: TestAuthority.Identity
    }

    let authority: TestAuthority
    let certificates: KnownCertificates
    let judge: BusJudge

    init(in folder: URL) throws {
        authority = try TestAuthority(in: folder.appendingPathComponent("ca"), keys: .ed25519)
        try authority.revoke(nil)
        certificates = try KnownCertificates(
            authorityFile: authority.certificate.path, revokedFile: authority.revoked.path)
        judge = BusJudge(
            channel: try #require(ChannelName("harbour/main")), certificates: certificates)
    }

    func device(
        _ id: String, by authority: TestAuthority? = nil, role: String = "device",
        name: String? = nil
    ) throws -> Device {
        let identity = try (authority ?? self.authority).issue(
            name ?? id, role: role, usage: "clientAuth", organization: "harbour")
        return Device(
            id: try #require(DeviceID(id)),
            key: try SigningKey(pemFile: Array(Data(contentsOf: identity.key))),
            certificate: Array(
                try run(
                    "openssl",
                    ["x509", "-in", identity.certificate.path, "-outform", "DER"])),
            identity: identity)
    }

    func batch(
        _ device: DeviceID, fleet: String = "harbour", channel: String = "main",
        kind: String = "confirmed"
    ) -> EventBatch {
        EventBatch(
            fleet: fleet, channel: channel, device: device, epoch: 1,
            events: [DeviceEvent(sequence: 1, kind: kind, at: Clocks.wall())])
    }

    func signed(
        _ content: some SignedPayload, by device: Device, certificate: [UInt8]? = nil,
        namespace: String = SignatureNamespace.report
    ) -> SignedMessage {
        let payload = content.payload
        return SignedMessage(
            payload: payload, signature: device.key.sign(payload, namespace: namespace),
            certificate: certificate ?? device.certificate)
    }

    func hear(
        _ message: SignedMessage, on topic: DeviceID, _ leaf: DeviceLeaf = .events
    ) throws -> HeardMessage {
        try judge.judge(
            Intake.RawMessage(device: topic, leaf: leaf, payload: message.bytes),
            at: Clocks.wall())
    }

    /// Why a message is dropped; nil where it is believed.
    func objection(
        to message: SignedMessage, on topic: DeviceID, _ leaf: DeviceLeaf = .events
    ) -> DropReason? {
        objection(toBytes: message.bytes, on: topic, leaf)
    }

    func objection(
        toBytes bytes: [UInt8], on topic: DeviceID, _ leaf: DeviceLeaf = .events,
        at now: Instant = Clocks.wall()
    ) -> DropReason? {
        do throws(Dropped) {
            _ = try judge.judge(
                Intake.RawMessage(device: topic, leaf: leaf, payload: bytes), at: now)
            return nil
        } catch {
            return error.reason
        }
    }
}

@Suite struct BusJudgeTests {
    @Test("What a device signed on its own topic is believed")
    func believed() throws {
        try withTemporaryFolder { folder in
            let bus = try Bus(in: folder)
            let gateway = try bus.device("gw-1")
            let batch = bus.batch(gateway.id)
            #expect(
                try bus.hear(bus.signed(batch, by: gateway), on: gateway.id)
                    == HeardMessage(device: gateway.id, word: .events(batch)))
            let state = ReportedState(
                fleet: "harbour", channel: "main", device: gateway.id, epoch: 1, sequence: 1,
                at: Instant(seconds: 1_700_000_000), agent: "0.1.0")
            #expect(
                try bus.hear(bus.signed(state, by: gateway), on: gateway.id, .state).word
                    == .state(state))
        }
    }

    @Test("Nobody speaks for another device, and no signature counts for another message")
    func forged() throws {
        try withTemporaryFolder { folder in
            let bus = try Bus(in: folder)
            let gateway = try bus.device("gw-1")
            let other = try bus.device("gw-2")
            let message = bus.signed(bus.batch(gateway.id), by: gateway)
            #expect(bus.objection(to: message, on: other.id) == .otherDevice)
            #expect(
                bus.objection(
                    to: bus.signed(bus.batch(other.id), by: gateway), on: gateway.id)
                    == .notForUs)
            // With a certificate that is not one's own.
            #expect(
                bus.objection(
                    to: bus.signed(
                        bus.batch(gateway.id), by: other, certificate: gateway.certificate),
                    on: gateway.id) == .signature)
            var changed = message
            changed.payload = bus.batch(gateway.id, kind: "failed").payload
            #expect(bus.objection(to: changed, on: gateway.id) == .signature)
            for namespace in ["flotilla-order", "flotilla-ack", "git", "file"] {
                #expect(
                    bus.objection(
                        to: bus.signed(
                            bus.batch(gateway.id), by: gateway, namespace: namespace),
                        on: gateway.id) == .signature)
            }
            // A state is no batch of events, whoever signed it.
            #expect(bus.objection(to: message, on: gateway.id, .state) == .malformed)
            #expect(
                bus.objection(
                    to: bus.signed(bus.batch(gateway.id, fleet: "other"), by: gateway),
                    on: gateway.id) == .notForUs)
            #expect(
                bus.objection(
                    to: bus.signed(bus.batch(gateway.id, channel: "test"), by: gateway),
                    on: gateway.id) == .notForUs)
        }
    }

    @Test("Only certificates of the fleet's authority count, for devices, in their time")
    func certificates() throws {
        try withTemporaryFolder { folder in
            let bus = try Bus(in: folder)
            let gateway = try bus.device("gw-1")
            let message = bus.signed(bus.batch(gateway.id), by: gateway)
            var bare = message
            bare.certificate = nil
            #expect(bus.objection(to: bare, on: gateway.id) == .certificate)
            bare.certificate = [0x30, 0x03, 1, 2, 3]
            #expect(bus.objection(to: bare, on: gateway.id) == .certificate)
            bare.certificate = [UInt8](repeating: 0, count: 6_000)
            #expect(bus.objection(to: bare, on: gateway.id) == .certificate)
            let stranger = try TestAuthority(
                in: folder.appendingPathComponent("stranger"), keys: .ed25519)
            let fake = try bus.device("gw-1", by: stranger)
            #expect(
                bus.objection(to: bus.signed(bus.batch(fake.id), by: fake), on: fake.id)
                    == .certificate)
            // An operator who calls himself like a device.
            let alice = try bus.device("alice", role: "operator", name: "alice@operators")
            #expect(
                bus.objection(to: bus.signed(bus.batch(alice.id), by: alice), on: alice.id)
                    == .certificate)
            let later = Clocks.wall() + .seconds(31 * 86_400)
            #expect(bus.objection(to: message, on: gateway.id) == nil)
            #expect(
                bus.objection(toBytes: message.bytes, on: gateway.id, at: later) == .certificate)
            #expect(bus.objection(to: message, on: gateway.id) == nil)
        }
    }

    @Test("Who is revoked is not believed any more, without a restart")
    func revoked() throws {
        try withTemporaryFolder { folder in
            let bus = try Bus(in: folder)
            let gateway = try bus.device("gw-1")
            let other = try bus.device("gw-2")
            let message = bus.signed(bus.batch(gateway.id), by: gateway)
            #expect(bus.objection(to: message, on: gateway.id) == nil)
            #expect(try !bus.certificates.refresh(at: Instant(seconds: 10)))
            try bus.authority.revoke(gateway.identity)
            #expect(try bus.certificates.refresh(at: Instant(seconds: 20)))
            #expect(bus.objection(to: message, on: gateway.id) == .revoked)
            #expect(
                bus.objection(to: bus.signed(bus.batch(other.id), by: other), on: other.id) == nil)
            // A list that can't be read does not take the old one away.
            try Data("nonsense".utf8).write(to: bus.authority.revoked)
            #expect(throws: IngestFault.self) {
                try bus.certificates.refresh(at: Instant(seconds: 30))
            }
            #expect(bus.objection(to: message, on: gateway.id) == .revoked)
            #expect(try !bus.certificates.refresh(at: Instant(seconds: 40)))
        }
    }

    @Test("Deep, long and broken messages are dropped, wherever they are deep, long or broken")
    func hostile() throws {
        try withTemporaryFolder { folder in
            let bus = try Bus(in: folder)
            let gateway = try bus.device("gw-1")
            let deep = String(repeating: "[", count: 10_000)
            let closed = deep + String(repeating: "]", count: 10_000)
            for text in [
                "", "x", "{", "null", "[]", "{}", deep, closed, "{\"version\":1}",
                "{\"version\":1,\"payload\":\(closed)}", "\u{0}", "\"\\ud800\"",
            ] {
                for leaf in [DeviceLeaf.presence, .state, .events] {
                    #expect(
                        bus.objection(toBytes: Array(text.utf8), on: gateway.id, leaf)
                            == .malformed, "\(text.prefix(40)) as \(leaf)")
                }
            }
            // What is signed may be as hostile.
            for text in [closed, "[]", "{\"kind\":\"events\"}", "", deep] {
                let payload = Array(text.utf8)
                let message = SignedMessage(
                    payload: payload,
                    signature: gateway.key.sign(payload, namespace: SignatureNamespace.report),
                    certificate: gateway.certificate)
                #expect(bus.objection(to: message, on: gateway.id) == .malformed)
            }
            var generator = SeededGenerator(seed: 7)
            let good = bus.signed(bus.batch(gateway.id), by: gateway).bytes
            var believed = 0
            for _ in 0..<2_000 {
                let bytes = mutated(good, using: &generator)
                if bus.objection(toBytes: bytes, on: gateway.id) == nil { believed += 1 }
            }
            // White space and unknown members change nothing of what was signed.
            #expect(believed < 400)
        }
    }
}
