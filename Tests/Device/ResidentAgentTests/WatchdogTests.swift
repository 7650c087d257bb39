import Foundation
import TestSupport
import Testing

/// The resident agent as a service manager hears it.
@Suite struct WatchdogTests {
    @Test("an agent says that it is ready, and its heart goes on beating while it waits")
    func beats() throws {
        try withTemporaryFolder { folder in
            let bench = try AgentBench(in: folder)
            try bench.configure(fetchEvery: "1h")
            try bench.script("sleep 60")
            let manager = try ServiceManager(at: folder.appendingPathComponent("notify").path)
            let agent = try bench.startAgent(
                setup: "export NOTIFY_SOCKET='\(manager.path)' WATCHDOG_USEC=300000")
            #expect(manager.hears("READY=1"))
            for _ in 0..<5 { #expect(manager.hears("WATCHDOG=1")) }
            agent.send(SIGTERM)
            #expect(agent.end() == 0)
        }
    }
}

/// The end of sd_notify(3) that systemd has.
private struct ServiceManager {
    let path: String
    private let descriptor: Int32

    init(at path: String) throws {
        self.path = path
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0)
    }

    /// Waits for a message that says this, whatever else comes before it.
    func hears(_ message: String) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        while poll(&request, 1, 30_000) == 1 {
            let length = recv(descriptor, &buffer, buffer.count, 0)
            if String(decoding: buffer.prefix(max(0, length)), as: UTF8.self) == message {
                return true
            }
        }
        return false
    }
}
