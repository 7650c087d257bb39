package import Documents
package import FleetModel

/// The first trust of a device, and the second copy of its floor: a release that is believed
/// because whoever installed the device put it there, and the keys that judge what comes after it.
package struct TrustAnchor: Equatable, Sendable {
    package var channel: ChannelName
    package var release: Revision
    package var allowedSigners: AllowedSigners

    package init(channel: ChannelName, release: Revision, allowedSigners: AllowedSigners) {
        self.channel = channel
        self.release = release
        self.allowedSigners = allowedSigners
    }

    package init(_ node: Node, file: String) throws(InvalidDocument) {
        var reader = MappingReader(node, file: file, what: "the anchor")
        if reader.requiredNode("format") != nil { _ = reader.integer("format", in: 1...1) }
        let fleet = reader.requiredText("fleet")
        let channelName = reader.requiredText("channel")
        var channel: ChannelName?
        if let fleet, let channelName {
            channel = ChannelName(fleet: fleet.value, channel: channelName.value)
            if channel == nil {
                reader.report(
                    at: fleet.position,
                    "`\(fleet.value)/\(channelName.value)` is not a fleet and a channel",
                    fix: "Use names of \(DeviceID.rule).")
            }
        }
        let release = reader.revision("release")
        let signers = reader.allowedSigners("allowed_signers")
        reader.finish()
        guard reader.diagnostics.isEmpty, let channel, let release, let signers else {
            throw InvalidDocument(reader.diagnostics)
        }
        self.init(channel: channel, release: release, allowedSigners: signers)
    }

    /// JSON, which is YAML as well.
    package var json: JSONValue {
        [
            "format": 1, "fleet": .string(channel.fleet), "channel": .string(channel.channel),
            "release": .string(release.text), "allowed_signers": .string(allowedSigners.text),
        ]
    }
}

extension MappingReader {
    mutating func revision(_ key: String) -> Revision? {
        guard let (text, position) = requiredText(key) else { return nil }
        guard let revision = Revision(text) else {
            report(
                at: position, "`\(key)` must be a commit id, not `\(text.prefix(80))`",
                fix: "Write its 40 hexadecimal digits, as `git rev-parse` prints them.")
            return nil
        }
        return revision
    }

    mutating func allowedSigners(_ key: String) -> AllowedSigners? {
        guard let (text, position) = requiredText(key) else { return nil }
        do throws(InvalidDocument) {
            return try AllowedSigners(text: text, file: key)
        } catch {
            // The lines count within the text; the text stands somewhere in the file.
            for diagnostic in error.diagnostics {
                report(
                    at: position, "\(diagnostic.place): \(diagnostic.message)", fix: diagnostic.fix)
            }
            return nil
        }
    }
}
