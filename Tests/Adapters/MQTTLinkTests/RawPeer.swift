import Foundation
import TestSupport

/// One side of a TLS connection that sends exactly the bytes that a test wants, by the real
/// `openssl`: a broker or a device that keeps to no protocol.
final class RawPeer {
    private(set) var process: ServerProcess
    private let pipe: Int32

    /// A server with the certificate of `identity`; it asks nobody for one.
    static func server(
        _ identity: TestAuthority.Identity, in folder: URL
    ) throws -> (peer: RawPeer, port: Int) {
        for _ in 0..<5 {
            let port = try LoopbackPort.free()
            let peer = try RawPeer(
                [
                    "s_server", "-quiet", "-accept", "127.0.0.1:\(port)",
                    "-cert", identity.certificate.path, "-key", identity.key.path,
                ], in: folder)
            if try peer.process.listens(on: port) { return (peer, port) }
        }
        throw Failure("no port for a server")
    }

    /// A client that shows the certificate of `identity` to a broker.
    static func client(
        _ identity: TestAuthority.Identity, of broker: BrokerServer, in folder: URL
    ) throws -> RawPeer {
        try RawPeer(
            [
                "s_client", "-quiet", "-connect", "127.0.0.1:\(broker.port)",
                "-CAfile", broker.authority.certificate.path,
                "-cert", identity.certificate.path, "-key", identity.key.path,
            ], in: folder)
    }

    private init(_ arguments: [String], in folder: URL) throws {
        let name = UUID().uuidString
        let path = folder.appendingPathComponent("\(name).pipe").path
        guard mkfifo(path, 0o600) == 0 else { throw Failure("no pipe: errno \(errno)") }
        // Open for both, so that neither side waits for the other and the pipe never ends.
        pipe = open(path, O_RDWR | O_CLOEXEC)
        process = try ServerProcess(
            "/usr/bin/openssl", arguments, input: path,
            log: folder.appendingPathComponent("\(name).log"))
    }

    deinit {
        process.end()
        close(pipe)
    }

    /// Sends from a thread of its own: the other side may not take it.
    func send(_ bytes: [UInt8]) {
        let copy = dup(pipe)
        Thread.detachNewThread {
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { write(copy, $0.baseAddress, $0.count) }
                if count <= 0 { break }
                rest = rest.dropFirst(count)
            }
            close(copy)
        }
    }
}

/// Packets of MQTT 5, as they stand on the wire.
enum Packet {
    static func connect(id: String, keepAlive: UInt16 = 60) -> [UInt8] {
        let head = text("MQTT") + [5, 0b10] + number(keepAlive) + [0]
        return packet(0x10, head + text(id))
    }

    static func welcome(reason: UInt8 = 0, properties: [UInt8] = []) -> [UInt8] {
        packet(0x20, [0, reason, UInt8(properties.count)] + properties)
    }

    static func publish(_ topic: String, _ payload: [UInt8], id: UInt16? = nil) -> [UInt8] {
        packet(
            id == nil ? 0x30 : 0x32, text(topic) + (id.map(number) ?? []) + [0] + payload)
    }

    static func disconnect(reason: UInt8) -> [UInt8] { packet(0xe0, [reason, 0]) }

    static func packet(_ first: UInt8, _ rest: [UInt8]) -> [UInt8] {
        [first] + length(rest.count) + rest
    }

    static func length(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = count
        repeat {
            bytes.append(UInt8(rest % 128) | (rest >= 128 ? 0x80 : 0))
            rest /= 128
        } while rest > 0
        return bytes
    }

    static func text(_ text: String) -> [UInt8] {
        number(UInt16(text.utf8.count)) + Array(text.utf8)
    }

    static func number(_ number: UInt16) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 0xff)] }
}
