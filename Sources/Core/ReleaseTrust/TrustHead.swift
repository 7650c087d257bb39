package import Documents
package import FleetModel

/// Where a device stands on a channel's chain: the last release that it accepted, and the keys and
/// rules of that release, which judge the next one. It only ever moves forward.
package struct TrustHead: Equatable, Sendable {
    package let channel: ChannelName
    /// The floor.
    package let release: Revision
    /// The release's committer time.
    package let committed: Instant
    package let allowedSigners: AllowedSigners
    package let policy: TrustPolicy

    package init(
        channel: ChannelName, release: Revision, committed: Instant, allowedSigners: AllowedSigners,
        policy: TrustPolicy
    ) {
        self.channel = channel
        self.release = release
        self.committed = committed
        self.allowedSigners = allowedSigners
        self.policy = policy
    }

    /// Reads what `json` wrote.
    package init(_ node: Node, file: String) throws(InvalidDocument) {
        var reader = MappingReader(node, file: file, what: "the trust head")
        if reader.requiredNode("format") != nil { _ = reader.integer("format", in: 1...1) }
        let channelText = reader.requiredText("channel")
        let channel = channelText.flatMap { ChannelName($0.value) }
        if let channelText, channel == nil {
            reader.report(
                at: channelText.position, "`\(channelText.value)` is not `fleet/channel`",
                fix: "Restore the file from the anchor: remove it and start the agent.")
        }
        let release = reader.revision("release")
        let latest = Int(Int64.max / 1_000_000_000)
        let committed =
            reader.requiredNode("committed") == nil
            ? nil : reader.integer("committed", in: 0...latest)
        let signers = reader.allowedSigners("allowedSigners")
        var policy: TrustPolicy?
        if let policyNode = reader.requiredNode("policy") {
            do throws(InvalidDocument) {
                policy = try TrustPolicy(policyNode, file: file)
            } catch {
                reader.take(error.diagnostics)
            }
        }
        reader.finish()
        guard reader.diagnostics.isEmpty, let channel, let release, let committed, let signers,
            let policy
        else { throw InvalidDocument(reader.diagnostics) }
        self.init(
            channel: channel, release: release, committed: Instant(seconds: Int64(committed)),
            allowedSigners: signers, policy: policy)
    }

    package var json: JSONValue {
        [
            "format": 1, "channel": .string(channel.description), "release": .string(release.text),
            "committed": .integer(committed.seconds),
            "allowedSigners": .string(allowedSigners.text),
            "policy": policy.json,
        ]
    }

    /// The second copy of this floor, outside the state directory.
    package var anchor: TrustAnchor {
        TrustAnchor(channel: channel, release: release, allowedSigners: allowedSigners)
    }
}
