import Documents
import FleetModel
import ReleaseTrust
import Testing

private let keyText =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBERERERERERERERERERERERERERERERERERERERERER"

private let start = SourcePosition(line: 1, column: 1)

/// What a reader of JSON makes of the value.
private func node(_ value: JSONValue) -> Node {
    switch value {
    case .null: Node(.scalar(.init(text: "null", isQuoted: false)), at: start)
    case .bool(let value): Node(.scalar(.init(text: "\(value)", isQuoted: false)), at: start)
    case .integer(let value): Node(.scalar(.init(text: "\(value)", isQuoted: false)), at: start)
    case .string(let value): Node(.scalar(.init(text: value, isQuoted: true)), at: start)
    case .array(let values): Node(.sequence(values.map(node)), at: start)
    case .object(let members):
        Node(
            .mapping(
                members.sorted { $0.key < $1.key }.map {
                    Node.Entry(key: $0.key, keyPosition: start, value: node($0.value))
                }), at: start)
    }
}

@Suite struct TrustRecordsTests {
    private func anchor() throws -> TrustAnchor {
        TrustAnchor(
            channel: try #require(ChannelName("fleet/main")),
            release: try #require(Revision(String(repeating: "1", count: 40))),
            allowedSigners: try AllowedSigners(text: "# us\nalice \(keyText)\n", file: "f"))
    }

    @Test("an anchor is read back as it was written")
    func anchorRoundTrip() throws {
        let anchor = try anchor()
        #expect(try TrustAnchor(node(anchor.json), file: "anchor") == anchor)
    }

    @Test("a trust head is read back as it was written")
    func headRoundTrip() throws {
        let anchor = try anchor()
        let policy = try TrustPolicy(
            node(["format": 1, "approvals": ["default": 1, "bundles/web/**": 2]]), file: "p")
        let head = TrustHead(
            channel: anchor.channel, release: anchor.release,
            committed: Instant(seconds: 1_700_000_000), allowedSigners: anchor.allowedSigners,
            policy: policy)
        #expect(try TrustHead(node(head.json), file: "head") == head)
        #expect(head.anchor == anchor)
    }

    @Test("an anchor with faults names each of them")
    func anchorFaults() {
        let error = #expect(throws: InvalidDocument.self) {
            try TrustAnchor(
                node([
                    "format": 2, "fleet": "Fleet", "channel": "main", "release": "HEAD",
                    "allowed_signers": "alice", "more": 1,
                ]), file: "anchor")
        }
        #expect(error?.diagnostics.count == 5)
    }

    @Test("a policy that wants more than one person is read, and known to be unsupported")
    func policyOfTwo() throws {
        let policy = try TrustPolicy(
            node(["format": 1, "approvals": ["trust/**": 2]]), file: "p")
        #expect(policy.mostPeople == 2)
        #expect(!policy.isSupported)
        #expect(TrustPolicy.onePerson.isSupported)
    }

    @Test(
        "a policy that this version can't read is refused",
        arguments: [
            [:], ["format": 2], ["format": 1, "recovery": []], ["format": 1, "roles": [:]],
            ["format": 1, "approvals": ["default": 0]], ["format": 1, "approvals": [1]],
            ["format": 1, "approvals": ["default": "many"]],
            ["format": 1, "approvals": ["/etc": 1]], ["format": 1, "approvals": ["a/../b": 1]],
            ["format": 1, "approvals": ["a/*/b": 1]],
        ] as [JSONValue])
    func policyFaults(value: JSONValue) {
        #expect(throws: InvalidDocument.self) { try TrustPolicy(node(value), file: "p") }
    }
}
