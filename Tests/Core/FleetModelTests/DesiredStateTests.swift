import Digests
import Documents
import FleetModel
import TestSupport
import Testing

@Suite struct DesiredStateTests {
    /// One of everything.
    private let example = DesiredState(
        bundles: [
            BundlePolicy(name: "base", drift: .heal), BundlePolicy(name: "proxy", drift: .report),
        ],
        files: [
            DesiredFile(
                path: "/etc/motd", bundle: "base", content: SHA256.hash("hello\n".utf8), size: 6,
                blob: ObjectID(String(repeating: "0a", count: 20))),
            DesiredFile(
                path: "/etc/proxy/site.conf", bundle: "proxy", content: SHA256.hash([]), size: 0,
                mode: 0o4640, owner: Ownership(user: "proxy", group: "33"), placement: .link),
        ],
        directories: [
            DesiredDirectory(
                path: "/etc/proxy", bundle: "proxy", mode: 0o750,
                owner: Ownership(user: "0", group: "proxy"))
        ],
        units: [
            DesiredUnit(
                name: "proxy.service", bundle: "proxy", enabled: true, activity: .running,
                restartOn: ["/etc/proxy"], reloadOn: ["/etc/proxy/site.conf"]),
            DesiredUnit(name: "quiet.timer", bundle: "base"),
        ],
        validators: [
            DesiredValidator(
                bundle: "proxy", command: ["proxy", "-t", "{{stage}}/etc/proxy/site.conf"])
        ],
        health: HealthGate(
            settle: .milliseconds(1_500), interval: .seconds(2), deadline: .seconds(60),
            checks: [
                HealthCheck(
                    name: "answers", bundle: "proxy",
                    probe: .http(url: "http://127.0.0.1/", status: 200, contains: "\"ok\"")),
                HealthCheck(
                    name: "disk", bundle: "base", probe: .command(["test", "-d", "/srv"])),
                HealthCheck(
                    name: "motd", bundle: "base", probe: .file(path: "/etc/motd", contains: nil)),
                HealthCheck(name: "port", bundle: "proxy", probe: .tcp(host: "::1", port: 80)),
                HealthCheck(
                    name: "unit", bundle: "proxy", probe: .unit("proxy.service"),
                    timeout: .seconds(1)),
            ]))

    // If this fails, every device and aggregator in the field disagrees about what is the same:
    // raise `formatVersion` and write the new digest here, on purpose.
    @Test("the digest of format 1 is the one that devices in the field have")
    func pinnedDigest() {
        #expect(DesiredState.formatVersion == 1)
        #expect(
            example.digest.description
                == "fc332293b07b0ab2f4ed973f7f3e8582a61795f7ad1c93c65b23be814347c566")
        #expect(
            DesiredState().canonicalForm
                == #"{"bundles":[],"directories":[],"files":[],"format":1,"health":{"checks":[],"deadline":"2m","interval":"2s","settle":"10s"},"units":[],"validators":[]}"#
        )
    }

    @Test("where the content lies does not change the digest; everything else does")
    func whatCounts() {
        var moved = example
        moved.files[0].blob = nil
        #expect(moved.digest == example.digest)
        #expect(moved.json(withBlobs: true) != example.json(withBlobs: true))
        let changes: [(inout DesiredState) -> Void] = [
            { $0.bundles[0].drift = .ignore }, { $0.files[0].mode = 0o600 },
            { $0.files[0].owner.group = "adm" }, { $0.files[1].placement = .copy },
            { $0.files[0].content = SHA256.hash("other".utf8) }, { $0.files[0].size = 7 },
            { $0.directories[0].mode = 0o700 }, { $0.units[0].activity = .stopped },
            { $0.units[0].enabled = nil }, { $0.units[0].restartOn = [] },
            { $0.validators[0].command = ["true"] }, { $0.health.settle = .seconds(1) },
            { $0.health.checks[2].probe = .file(path: "/etc/motd", contains: "") },
            { $0.health.checks.removeLast() },
        ]
        var digests: Set = [example.digest]
        for change in changes {
            var state = example
            change(&state)
            #expect(digests.insert(state.digest).inserted)
        }
    }

    @Test("what is written is read back as the same state")
    func exampleRoundTrip() throws {
        let node = example.json(withBlobs: true).node
        #expect(try DesiredState(reading: node, file: "state.json") == example)
    }

    @Test("500 random states are read back as they were written", arguments: 0..<10)
    func roundTrip(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<50 {
            let state = randomState(using: &generator)
            let back = try DesiredState(
                reading: state.json(withBlobs: true).node, file: "state.json")
            #expect(back == state)
            #expect(back.digest == state.digest)
        }
    }

    @Test("all that is wrong in a record is told at once")
    func manyFaults() throws {
        guard case .object(var members) = example.json(withBlobs: true),
            case .array(let files)? = members["files"], case .object(var file) = files[0]
        else { throw Unexpected() }
        file["path"] = "/etc/../shadow"
        file["mode"] = "10000"
        file["owner"] = "root"
        file["sha256"] = "short"
        file["size"] = -1
        file["extra"] = true
        members["files"] = .array([.object(file)])
        members["directories"] = [["path": "relative"]]
        let error = try #require(throws: InvalidDocument.self) {
            try DesiredState(reading: JSONValue.object(members).node, file: "state.json")
        }
        let messages = error.diagnostics.map(\.message)
        for word in ["path", "mode", "owner", "sha256", "size", "extra", "bundle"] {
            #expect(messages.contains { $0.contains("`\(word)`") }, "\(word)")
        }
        #expect(error.diagnostics.allSatisfy { !$0.fix.isEmpty && $0.file == "state.json" })
    }

    @Test("another format is refused, and so is what is no desired state at all")
    func wrongFormat() throws {
        guard case .object(var members) = example.json(withBlobs: true) else { throw Unexpected() }
        members["format"] = 2
        for value in [JSONValue.object(members), [:], [], nil, "text"] {
            let error = try #require(throws: InvalidDocument.self) {
                try DesiredState(reading: value.node, file: "state.json")
            }
            #expect(!error.diagnostics.isEmpty)
        }
    }

    @Test("a check has exactly one probe")
    func oneProbe() throws {
        for check in example.health.checks {
            #expect(try HealthCheck(reading: check.json.node, file: "check") == check)
        }
        guard case .object(var members) = example.health.checks[0].json else { throw Unexpected() }
        members["unit"] = "a.service"
        let two = JSONValue.object(members).node
        #expect(throws: InvalidDocument.self) { try HealthCheck(reading: two, file: "check") }
        members["unit"] = nil
        members["http"] = nil
        let none = JSONValue.object(members).node
        #expect(throws: InvalidDocument.self) { try HealthCheck(reading: none, file: "check") }
        let nothing = JSONValue.null.node
        #expect(throws: InvalidDocument.self) { try HealthCheck(reading: nothing, file: "check") }
    }
}

private struct Unexpected: Error {}

extension JSONValue {
    /// The node that a JSON reader makes of this value.
    fileprivate var node: Node {
        let start = SourcePosition(line: 1, column: 1)
        func scalar(_ text: String, isQuoted: Bool = false) -> Node {
            Node(.scalar(.init(text: text, isQuoted: isQuoted)), at: start)
        }
        switch self {
        case .null: return scalar("null")
        case .bool(let value): return scalar(value ? "true" : "false")
        case .integer(let value): return scalar(String(value))
        case .string(let value): return scalar(value, isQuoted: true)
        case .array(let values): return Node(.sequence(values.map(\.node)), at: start)
        case .object(let members):
            let entries = members.sorted { $0.key < $1.key }.map {
                Node.Entry(key: $0.key, keyPosition: start, value: $0.value.node)
            }
            return Node(.mapping(entries), at: start)
        }
    }
}
