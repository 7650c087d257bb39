import Documents
import FleetModel
import Foundation
import ReleaseTrust
import Resolution
import TestSupport
import Testing
import YAMLDocument

/// The project's own `Fleet/`, which docs and demo stand on.
@Suite struct SampleFleetTests {
    private static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Fleet")

    private let tree: MemoryTree

    init() throws {
        var things: [String: MemoryTree.Thing] = [:]
        let files = try #require(FileManager.default.enumerator(atPath: Self.folder.path))
        for case let path as String in files {
            let file = Self.folder.appendingPathComponent(path)
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder)
            if isFolder.boolValue { continue }
            let bytes = Array(try Data(contentsOf: file))
            let isProgram = FileManager.default.isExecutableFile(atPath: file.path)
            let mode = try FileManager.default.attributesOfItem(atPath: file.path)[
                .posixPermissions]
            things[path] =
                isProgram && (mode as? Int ?? 0) & 0o100 != 0 ? .executable(bytes) : .file(bytes)
        }
        tree = MemoryTree(things)
    }

    private static let devices = [
        "gateway-berlin-1", "gateway-potsdam-1", "kiosk-berlin-1", "kiosk-berlin-2",
        "kiosk-potsdam-1", "sensor-hub-berlin-1", "sensor-hub-potsdam-1",
    ]

    @Test("it is without findings of any kind")
    func lints() throws {
        let report = Harbour.lint(tree)
        #expect(report.findings.isEmpty, "\(report.findings)")
        #expect(report.devices == Self.devices.count)
        #expect(report.bundles == 6)
    }

    @Test("its trust files are what devices take")
    func trust() throws {
        let files = try TrustFiles(from: tree, parse: YAML.parse)
        guard case .read(let text) = files.allowedSigners, case .read(let node) = files.policy
        else {
            Issue.record("the trust files can't be read")
            return
        }
        let signers = try AllowedSigners(text: text, file: TrustFiles.allowedSignersPath)
        #expect(
            signers.people(namespace: "git", at: Instant(seconds: 0))
                == ["operator@harbour.example"])
        #expect(try TrustPolicy(node, file: TrustFiles.policyPath).isSupported)
    }

    @Test("each device gets what its role and its site say", arguments: devices)
    func roles(id: String) throws {
        let device = try Harbour.resolve(tree, for: Harbour.device(id))
        let bundles = device.state.bundles.map(\.name)
        switch device.labels["role"] {
        case "gateway": #expect(bundles == ["base", "reverse-proxy", "sysctl", "telemetry"])
        case "kiosk": #expect(bundles == ["base", "kiosk", "sysctl"])
        case "sensor-hub": #expect(bundles == ["base", "sensors", "sysctl", "telemetry"])
        default: Issue.record("\(id) has no role")
        }
        let motd = try #require(text(of: "/etc/motd", in: device))
        #expect(motd.contains(id))
        #expect(motd.contains(device.labels["site"] == "berlin" ? "Berlin" : "Potsdam"))
        #expect(!motd.contains("{{"))
    }

    @Test("a device without a file of its own may bring its labels")
    func localLabels() throws {
        let device = try Harbour.resolve(
            tree, for: Harbour.device("new-7", labels: ["role": "gateway", "site": "potsdam"]))
        let site = try #require(text(of: "/etc/nginx/sites-enabled/portal.conf", in: device))
        #expect(site.contains("server_name portal.potsdam.harbour.example;"))
    }

    @Test("its checks hold in a folder that has nothing but the managed files", arguments: devices)
    func checksHold(id: String) throws {
        let device = try Harbour.resolve(tree, for: Harbour.device(id))
        try withTemporaryFolder { root in
            try place(device, below: root)
            for validator in device.state.validators {
                let command = validator.command.map {
                    $0.replacingOccurrences(of: "{{stage}}", with: root.path)
                }
                #expect(try run(command, root: root) == 0, "\(validator)")
            }
            for check in device.state.health.checks {
                switch check.probe {
                case .file(let path, let contains):
                    let content = try String(
                        contentsOf: root.appendingPathComponent(path), encoding: .utf8)
                    #expect(contains.map { content.contains($0) } ?? true, "\(check.id)")
                case .command(let command):
                    #expect(try run(command, root: root) == 0, "\(check.id)")
                case .http, .tcp, .unit, .disk, .memory:
                    Issue.record("\(check.id) needs more than files")
                }
            }
        }
    }

    @Test("its checks find what they are there for")
    func checksFail() throws {
        let device = try Harbour.resolve(tree, for: Harbour.device("gateway-berlin-1"))
        let faults = [
            ("/etc/sysctl.d/60-fleet.conf", "kernel.panic: 10\n"),
            ("/etc/nginx/sites-enabled/portal.conf", "server {\n"),
            ("/etc/telemetry/telemetry.conf", "device = a\n"),
        ]
        for (path, content) in faults {
            try withTemporaryFolder { root in
                try place(device, below: root)
                try Data(content.utf8).write(to: root.appendingPathComponent(path))
                let validators = device.state.validators.map { validator in
                    validator.command.map {
                        $0.replacingOccurrences(of: "{{stage}}", with: root.path)
                    }
                }
                let checks = device.state.health.checks.compactMap { check in
                    if case .command(let command) = check.probe { command } else { nil }
                }
                let failed = try (validators + checks).filter { try run($0, root: root) != 0 }
                #expect(failed.count == 1, "\(path)")
            }
        }
    }

    private func text(of path: String, in device: ResolvedDevice) -> String? {
        bytes(of: path, in: device).map { String(decoding: $0, as: UTF8.self) }
    }

    private func bytes(of path: String, in device: ResolvedDevice) -> [UInt8]? {
        switch device.contents[path] {
        case .rendered(let bytes): bytes
        case .blob(_, let source): try? tree.contents(of: source, limit: Limits.fileBytes)
        case nil: nil
        }
    }

    private func place(_ device: ResolvedDevice, below root: URL) throws {
        for file in device.state.files {
            let target = root.appendingPathComponent(file.path)
            try FileManager.default.createDirectory(
                at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
            let bytes = try #require(self.bytes(of: file.path, in: device))
            #expect(bytes.count == file.size)
            try Data(bytes).write(to: target)
            try FileManager.default.setAttributes(
                [.posixPermissions: Int(file.mode)], ofItemAtPath: target.path)
        }
    }

    private func run(_ command: [String], root: URL) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: command[0])
        process.arguments = Array(command.dropFirst())
        process.environment = ["FLOTILLA_ROOT": root.path, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }
}
