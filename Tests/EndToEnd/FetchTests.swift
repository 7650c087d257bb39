import Demo
import FleetModel
import Foundation
import HostSystem
import TestSupport
import Testing

/// Fetching goes wrong, and the device keeps what it has.
@Suite(.serialized) struct FetchTests {
    @Test("fetching as root is refused, and so is a user who is not there")
    func users() throws {
        try SmallFleet.withWorld { fleet in
            try fleet.apply()
            let url = try #require(fleet.world.host?.url)
            for (user, reason) in [
                ("root", "fetching as root is refused"), ("nobody-at-all", "does not exist"),
            ] {
                var configuration = DemoDevice.Configuration(url: url)
                configuration.fetchUser = user
                try fleet.device.configure(configuration)
                try expectProblem(reason, fleet.tree, fleet)
            }
            try fleet.world.install()
            try fleet.apply()
        }
    }

    @Test("a server that is not there is reported, and all is well when it is back")
    func unreachable() throws {
        try SmallFleet.withWorld { fleet in
            try fleet.apply()
            try fleet.world.host?.end()
            try expectProblem("127.0.0.1", fleet.tree, fleet)
            try fleet.world.serve()
            try fleet.apply()
        }
    }

    /// The files below the state folder, each with what changes when somebody writes to it.
    private func state(of device: DemoDevice) throws -> [String: String] {
        let state = device.root + "/var/lib/flotilla"
        var found: [String: String] = [:]
        for path in try FileManager.default.subpathsOfDirectory(atPath: state) {
            var status = stat()
            guard lstat("\(state)/\(path)", &status) == 0 else { continue }
            let changed = status.st_ctim
            found[path] = "\(status.st_ino) \(changed.tv_sec).\(changed.tv_nsec)"
        }
        return found
    }

    @Test("a look at Git that finds nothing new writes nothing to the disk")
    func writesNothing() throws {
        try SmallFleet.withWorld { fleet in
            try fleet.apply()
            // The first look after a release empties the place where it arrived.
            #expect(try fleet.sync() == 0)
            let before = try state(of: fleet.device)
            #expect(before.count > 5)
            for _ in 0..<3 { #expect(try fleet.sync() == 0) }
            #expect(try state(of: fleet.device) == before)
        }
    }

    @Test("what is fetched is lent to who fetches, and nobody else can look into it")
    func lent() throws {
        try SmallFleet.withWorld { fleet in
            try fleet.apply()
            let store = fleet.device.root + "/var/lib/flotilla/repository"
            var status = stat()
            #expect(stat(store, &status) == 0 && status.st_mode & 0o007 == 0)
            #expect(try fleet.sync() == 0)
            #expect(stat(store, &status) == 0 && status.st_mode & 0o7777 == 0o750)
            let other = ["/usr/bin/setpriv", "--reuid=65533", "--regid=65533", "--clear-groups"]
            let look = try runChild(other + ["/bin/ls", store], in: URL(fileURLWithPath: "/"))
            #expect(look.status != 0 && look.output.isEmpty)
        }
    }

    @Test("while the server is away the agent waits longer, and goes on when it is told to")
    func backsOff() throws {
        try SmallFleet.withWorld { fleet in
            try fleet.apply()
            try fleet.world.host?.end()
            let (device, watchman) = (fleet.device, fleet.world.tools.watchman)
            func failures() -> Int {
                device.logText.components(separatedBy: "fetch failed").count - 1
            }
            try device.start()
            #expect(try watchman.wait(atMost: .seconds(20)) { failures() == 1 })
            // At its own pace it would have tried three times meanwhile.
            #expect(try watchman.wait(atMost: .seconds(3)) { failures() > 1 } == false)
            try fleet.world.serve()
            fleet.release = try fleet.push(
                ["bundles/web/files/site.conf": .text("port 81\n")], onto: fleet.release)
            kill(try #require(device.agentPid), SIGHUP)
            let isThere = try watchman.wait(atMost: .seconds(20)) {
                try device.status().differences(from: fleet.isWell).isEmpty
            }
            #expect(isThere)
            try device.stop()
        }
    }

    @Test("a server that accepts and then says nothing is given up after the idle time-out")
    func hangs() throws {
        try SmallFleet.withWorld { fleet in
            try fleet.apply()
            let silent = try SocketServer { $0.waitUntilClosed() }
            var configuration = DemoDevice.Configuration(
                url: "http://127.0.0.1:\(silent.port)/git/fleet.git")
            configuration.idleTimeout = "2s"
            try fleet.device.configure(configuration)
            let start = Clocks.monotonic()
            try expectProblem("not finished in time", fleet.tree, fleet)
            #expect(Clocks.monotonic() - start < .seconds(20))
        }
    }

    @Test("a pack with a wrong byte is refused, and nothing of it stays")
    func corruptPack() throws {
        try SmallFleet.withWorld { fleet in
            try fleet.apply()
            let next = try fleet.push(
                ["bundles/web/files/site.conf": .text("port 81\n")], onto: fleet.release)
            let damaging = try DamagingServer(tip: next)
            try fleet.device.configure(DemoDevice.Configuration(url: damaging.url))
            try expectProblem("", fleet.tree, fleet)
            try fleet.world.install()
            fleet.release = next
            try fleet.apply()
        }
    }

    /// A sync that does not get to a release: reported, and nothing touched.
    private func expectProblem(_ reason: String, _ before: DeviceTree, _ fleet: SmallFleet) throws {
        #expect(try fleet.sync() == 1)
        let status = try fleet.device.status()
        let problem = status[path: "fetch.problem"] ?? ""
        #expect(!problem.isEmpty && (reason.isEmpty || problem.contains(reason)), "\(problem)")
        #expect(status[path: "exit"] == "1")
        #expect(try fleet.device.tree().differences(from: before) == [])
    }
}

/// Speaks Git's protocol up to the pack, which has a wrong byte.
struct DamagingServer {
    let url: String
    private let server: SocketServer

    init(tip: String) throws {
        server = try SocketServer { connection in
            let request = connection.readRequest()
            let isPack = request.hasPrefix("POST")
            let body = isPack ? Self.pack : Self.advertisement(of: tip)
            let kind = isPack ? "result" : "advertisement"
            let head = """
                HTTP/1.1 200 OK\r
                Content-Type: application/x-git-upload-pack-\(kind)\r
                Content-Length: \(body.count)\r
                Connection: close\r
                \r

                """
            _ = connection.send(Array(head.utf8) + body)
        }
        url = "http://127.0.0.1:\(server.port)/git/fleet.git"
    }

    private static func line(_ text: String) -> String {
        let length = String(text.utf8.count + 4, radix: 16)
        return String(repeating: "0", count: 4 - length.count) + length + text
    }

    private static func advertisement(of tip: String) -> [UInt8] {
        let text =
            line("# service=git-upload-pack\n") + "0000"
            + line("\(tip) HEAD\0ofs-delta symref=HEAD:refs/heads/main\n")
            + line("\(tip) refs/heads/main\n") + "0000"
        return Array(text.utf8)
    }

    /// One object whose bytes are no deflated data, and a checksum that fits nothing.
    private static let pack: [UInt8] =
        Array(line("NAK\n").utf8) + Array("PACK".utf8) + [0, 0, 0, 2, 0, 0, 0, 1, 0x95, 0x0a]
        + [UInt8](repeating: 0xab, count: 64)
}
