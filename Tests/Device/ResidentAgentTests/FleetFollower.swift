import DeviceRecords
import Foundation
import HostSystem
import TestSupport
import Testing

/// A fleet with one bundle, and one device that follows it with the built programs. What runs as a
/// service of systemd elsewhere is answered by a script that notes what it is asked.
final class FleetFollower {
    private let repository: TestRepository
    private let key: TestKey
    private let folder: URL
    private var seconds: Int64 = 1_700_000_000
    private var released: Set<String> = []
    let root: Root
    let store: RecordStore
    var device: String { folder.appendingPathComponent("device").path }
    private var programs: String { folder.appendingPathComponent("programs").path }

    init(in folder: URL, url: String, services: String = "none", more: String = "") throws {
        self.folder = folder
        repository = try TestRepository(in: folder.appendingPathComponent("fleet"))
        key = try TestKey("anna", in: folder)
        for name in ["device", "programs"] {
            try FileManager.default.createDirectory(
                at: folder.appendingPathComponent(name), withIntermediateDirectories: true)
        }
        root = try Root(folder.appendingPathComponent("device").path)
        store = RecordStore(root: root)
        try repository.write("fleet.yaml", "format: 1\nname: fleet\n")
        try repository.write("trust/allowed_signers", "anna \(key.publicText)\n")
        try release("", files: [:])
        let first = try repository.git("rev-parse", "HEAD").text
        try write(
            "/etc/flotilla/agent.yaml",
            """
            device: device-1
            channel: main
            services: \(services)
            repository: {url: "\(url)", fetchUser: nobody}
            \(more)
            """)
        let anchor = [
            "format": "1", "fleet": "fleet", "channel": "main", "release": first,
            "allowed_signers": "anna \(key.publicText)\n",
        ]
        try write(
            "/etc/flotilla/anchor", String(decoding: JSONEncoder().encode(anchor), as: UTF8.self))
        try systemctl("exit 0")
    }

    // MARK: The fleet

    /// Releases a bundle for every device: what its manifest says besides the files, and the files by
    /// their paths on the device.
    func release(_ manifest: String, files: [String: String]) throws {
        seconds += 60
        var text = "match: \"\"\n"
        var names: Set<String> = []
        if !files.isEmpty { text += "files:\n" }
        for (path, content) in files.sorted(by: { $0.key < $1.key }) {
            let name = path.split(separator: "/").joined(separator: "-")
            names.insert(name)
            let mode = content.hasPrefix("#!") ? ", mode: \"0755\"" : ""
            text += "  - {source: \(name), path: \(path)\(mode)}\n"
            try repository.write("bundles/web/\(name)", content)
        }
        for name in released.subtracting(names) {
            _ = try repository.git("rm", "-q", "bundles/web/\(name)")
        }
        released = names
        try repository.write("bundles/web/bundle.yaml", text + manifest + "\n")
        _ = try repository.commit(
            "Release \(seconds)\n\nFlotilla-Channel: fleet/main", key: key, at: seconds)
    }

    // MARK: The device

    /// The script that answers for systemd; it finds the words in `$@`.
    func systemctl(_ body: String) throws {
        let path = "\(programs)/systemctl"
        let text = """
            #!/bin/sh
            LOG='\(folder.path)/systemctl.log'
            [ "$1" = --no-ask-password ] && shift
            [ "$1" = --no-pager ] && shift
            case "$*" in *DropInPaths*)
                # A look for drift: every unit is as it should be.
                while [ "$1" != -- ]; do shift; done
                shift
                for unit; do
                    printf 'Id=%s\\nNames=%s\\nLoadState=loaded\\nActiveState=active\\n' "$unit" "$unit"
                    printf 'SubState=running\\nUnitFileState=enabled\\n\\n'
                done
                exit 0 ;;
            esac
            echo "$@" >> "$LOG"
            \(body)

            """
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        chmod(path, 0o755)
    }

    /// What systemd was asked since the last look.
    func asked() throws -> [String] {
        let path = "\(folder.path)/systemctl.log"
        defer { unlink(path) }
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map(String.init)
    }

    /// Runs the agent where the script stands in for `systemctl`, for nobody else.
    @discardableResult
    func agent(_ arguments: String...) throws -> ChildResult {
        let script = #"mount --bind "$1" /usr/local/sbin && shift && exec "$@""#
        return try runChild(
            ["/usr/bin/unshare", "-m", "/bin/sh", "-c", script, "sh", programs]
                + [try builtProgram("flotilla-agent")] + arguments + ["--root", device], in: folder)
    }

    func status() throws -> [String: Any] {
        let result = try agent("status", "--json")
        return try #require(
            JSONSerialization.jsonObject(with: Data(result.output)) as? [String: Any])
    }

    func alarm() throws -> (kind: String, detail: String)? {
        guard let alarm = try status()["alarm"] as? [String: Any] else { return nil }
        return (alarm["kind"] as? String ?? "", alarm["detail"] as? String ?? "")
    }

    func outcomes() throws -> [Ledger.Outcome] {
        try store.read(Ledger.self, at: StateLayout.ledger)?.outcomes ?? []
    }

    func text(_ path: String) -> String? {
        try? String(contentsOfFile: device + path, encoding: .utf8)
    }

    func write(_ path: String, _ text: String) throws {
        try root.makeFolders(DevicePath.parent(of: path))
        try root.replaceFile(path, with: Array(text.utf8), mode: 0o644)
    }
}

func withFleetFollower(
    services: String = "none", more: String = "", _ body: (FleetFollower) throws -> Void
) throws {
    try withTemporaryFolder { folder in
        try withGitServer(serving: folder) { server in
            try body(
                FleetFollower(
                    in: folder, url: server.url("fleet/.git"), services: services, more: more))
        }
    }
}
