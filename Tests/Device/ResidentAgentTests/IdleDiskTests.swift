import DeviceBus
import DeviceRecords
import Documents
import FleetModel
import Foundation
import HostSystem
import ReleaseTrust
import TestSupport
import Testing

/// A device with nothing to do, at a pace at which seconds are hours: it looks at Git and at its disk
/// every second, and its broker goes away and comes back.
@Suite(
    .enabled(
        if: geteuid() == 0 && FileManager.default.fileExists(atPath: "/usr/sbin/mosquitto"),
        "files are given to root, and a broker is needed"))
struct IdleDiskTests {
    private static let bundle = """
        match: ""
        files:
          - {source: files/site.conf, path: /etc/web/site.conf, template: true}
          - {source: files/plain, path: /etc/web/plain}
          - {source: files/plain, path: /etc/web/linked, placement: link}
        health: {settle: 0s}

        """

    @Test("Polls, scans and reconnects without news write no byte to the disk")
    func idle() throws {
        try withBusWorld { world in
            let memory = world.bench.device + "/run"
            guard try run("mount", in: ["-t", "tmpfs", "none", memory]) else {
                print("skipped: /run can't be in memory here, so its bytes can't be told apart")
                return
            }
            defer { _ = try? run("umount", in: ["-l", memory]) }
            let repository = try TestRepository(
                in: world.bench.folder.appendingPathComponent("served/fleet"))
            try install(world, following: repository)
            try withGitServer(serving: world.bench.folder.appendingPathComponent("served")) { git in
                try configure(world, url: git.url("fleet/.git"))
                let agent = try world.bench.startAgent()
                let pid = agent.process.processIdentifier
                #expect(
                    try waits { try world.ledger().confirmed == 1 && world.isAllHeard() },
                    "\(world.bench.logText())")
                let before = try settled(world, pid)
                try disturb(world)
                let after = try moment(world, pid)
                #expect(after.written == before.written, "\(world.bench.logText())")
                #expect(after.files == before.files)
                // It was no sleep: it looked at Git and at the disk again and again.
                #expect(after.fetched > before.fetched && after.scanned > before.scanned)
                agent.send(SIGTERM)
                #expect(agent.end() == 0)
            }
        }
    }

    private func install(_ world: BusWorld, following repository: TestRepository) throws {
        let key = try TestKey("alice", in: world.bench.folder)
        let signers = "alice \(key.publicText)\n" + world.aggregator.signersLine
        for (path, text) in [
            "fleet.yaml": "format: 1\nname: harbour\n", "trust/policy.yaml": "format: 1\n",
            "trust/allowed_signers": signers, "bundles/web/bundle.yaml": Self.bundle,
            "bundles/web/files/site.conf": "# {{ device.id }}\n",
            "bundles/web/files/plain": "plain\n",
        ] { try repository.write(path, text) }
        let release = try repository.commit(
            "First\n\nFlotilla-Channel: harbour/main", key: key)
        let anchor = TrustAnchor(
            channel: try #require(ChannelName("harbour/main")),
            release: try #require(Revision(release)),
            allowedSigners: try AllowedSigners(text: signers, file: "test"))
        try world.bench.write(StateLayout.anchor, anchor.json.pretty)
        // The real one; only the broker's name it would not find.
        let real = world.bench.folder.appendingPathComponent("bin/real-worker").path
        try copyBuiltProgram("flotilla-worker", to: real)
        try world.bench.script(
            """
            case $1 in
            resolve) echo '{"addresses":["127.0.0.1"],"format":1}' ;;
            *) exec \(real) "$@" ;;
            esac
            """)
    }

    private func configure(_ world: BusWorld, url: String) throws {
        let text = """
            device: gw-1
            channel: main
            repository: {url: "\(url)", fetchUser: nobody}
            services: none
            fetchEvery: 1s
            scanEvery: 1s
            broker:
              url: mqtts://\(BrokerServer.name):\(world.broker.port)
              ca: /etc/flotilla/broker-ca.pem
              certificate: /etc/flotilla/device.pem
              key: /etc/flotilla/device.key

            """
        try world.bench.write(StateLayout.configuration, text)
    }

    // MARK: Looking on

    private struct Moment {
        /// Bytes that the agent and all workers that it waited for sent to storage.
        var written: Int
        /// Every file and folder of the device but those in memory, and when it changed.
        var files: [String: String]
        var fetched: Instant
        var scanned: Instant
    }

    private func moment(_ world: BusWorld, _ pid: Int32) throws -> Moment {
        let io = try String(contentsOfFile: "/proc/\(pid)/io", encoding: .utf8)
        let line = try #require(io.split(separator: "\n").first { $0.hasPrefix("write_bytes:") })
        let written = try #require(Int(line.dropFirst(13)))
        var files: [String: String] = [:]
        let device = world.bench.device
        for path in try FileManager.default.subpathsOfDirectory(atPath: device)
        where path != "run" && !path.hasPrefix("run/") {
            var status = stat()
            guard lstat("\(device)/\(path)", &status) == 0 else { continue }
            files[path] = "\(status.st_ino) \(status.st_ctim.tv_sec).\(status.st_ctim.tv_nsec)"
        }
        let status = try world.bench.store.readIfWhole(LiveStatus.self, at: StateLayout.status)
        return Moment(
            written: written, files: files, fetched: try #require(status?.lastFetch),
            scanned: try #require(status?.lastScan))
    }

    /// The first moment that is like the one before it.
    private func settled(_ world: BusWorld, _ pid: Int32) throws -> Moment {
        var last = try moment(world, pid)
        for _ in 0..<10 {
            usleep(3_000_000)
            let now = try moment(world, pid)
            if now.written == last.written, now.files == last.files { return now }
            last = now
        }
        Issue.record("the device does not come to rest")
        return last
    }

    /// Some twenty looks at Git and the disk, and a broker that goes and comes back twice.
    private func disturb(_ world: BusWorld) throws {
        for _ in 0..<2 {
            usleep(4_000_000)
            world.broker.kill()
            #expect(waits { world.link.state != "up" })
            usleep(2_000_000)
            try world.broker.restart()
            #expect(waits { world.link.state == "up" }, "\(world.bench.logText())")
        }
        usleep(4_000_000)
    }

    private func run(_ program: String, in arguments: [String]) throws -> Bool {
        try runChild([program] + arguments, in: URL(fileURLWithPath: "/")).status == 0
    }
}
