package import FleetModel

/// What a release says about itself in the last paragraph of its message.
///
/// Every line of that paragraph must be a trailer (`Name: value`), so that a sentence which happens
/// to begin with a trailer's name can't turn a commit into a release. Names of ours that this
/// version does not know are refused: it could not obey them.
package struct ReleaseTrailers: Equatable, Sendable {
    /// The channel that the release is for; nil where the commit is no release.
    package private(set) var channel: ChannelName?
    /// The revision of the work from which it was made.
    package private(set) var source: ObjectID?
    /// The release before it, where it has no parent.
    package private(set) var continues: ObjectID?
    /// Lost releases that it stands in for.
    package private(set) var supersedes: [ObjectID] = []
    package private(set) var approvals: [SSHSignature] = []

    package init(message: String) throws(MalformedInput) {
        let lines = lastParagraph(of: Array(message.utf8))
        guard lines.contains(where: { name(of: $0)?.isOurs == true }) else { return }
        var mayContinue = false
        for line in lines {
            if mayContinue, line.first == UInt8(ascii: " ") || line.first == UInt8(ascii: "\t") {
                continue
            }
            guard let name = name(of: line) else {
                let text = String(decoding: line.prefix(80), as: UTF8.self)
                throw MalformedInput(
                    "has the line `\(text)` among its trailers, which is not `Name: value`")
            }
            if name.isOurs {
                let value = line.dropFirst(name.text.utf8.count + 1)
                try take(name.text, value: String(decoding: trimmed(value), as: UTF8.self))
            }
            mayContinue = !name.isOurs
        }
    }

    private mutating func take(_ name: String, value: String) throws(MalformedInput) {
        switch name {
        case "Flotilla-Channel":
            guard channel == nil else { throw MalformedInput("has two `\(name)` trailers") }
            guard let channel = ChannelName(value) else {
                throw MalformedInput(
                    "has the trailer `\(name): \(value.prefix(80))`, which is not `fleet/channel`")
            }
            self.channel = channel
        case "Flotilla-Source":
            source = try object(name, value, isFirst: source == nil)
        case "Flotilla-Continues":
            continues = try object(name, value, isFirst: continues == nil)
        case "Flotilla-Supersedes":
            supersedes.append(try object(name, value, isFirst: true))
        case "Flotilla-Approval":
            guard let blob = Base64.decode(Array(value.utf8)) else {
                throw MalformedInput("has a `\(name)` trailer that is not valid Base64")
            }
            approvals.append(try SSHSignature(blob: blob))
        default:
            throw MalformedInput(
                "has the trailer `\(name.prefix(80))`, which this version does not know")
        }
    }

    private func object(
        _ name: String, _ value: String, isFirst: Bool
    ) throws(MalformedInput) -> ObjectID {
        guard isFirst else { throw MalformedInput("has two `\(name)` trailers") }
        guard let object = ObjectID(value) else {
            throw MalformedInput("has the trailer `\(name)`, whose value is not a commit id")
        }
        return object
    }
}

private struct TrailerName {
    let text: String
    /// In any case of letters, so that a misspelt one is an error and not a sentence.
    var isOurs: Bool { text.lowercased().utf8.starts(with: "flotilla-".utf8) }
}

/// The name before the first colon: letters, digits and hyphens.
private func name(of line: ArraySlice<UInt8>) -> TrailerName? {
    let name = line.prefix { byte in
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
    }
    guard !name.isEmpty, name.endIndex < line.endIndex, line[name.endIndex] == UInt8(ascii: ":")
    else { return nil }
    return TrailerName(text: String(decoding: name, as: UTF8.self))
}

/// The lines after the last blank one; none where the message is one paragraph, for that is its
/// subject.
private func lastParagraph(of message: [UInt8]) -> [ArraySlice<UInt8>] {
    var lines = message.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    while let last = lines.last, trimmed(last).isEmpty { lines.removeLast() }
    guard let blank = lines.lastIndex(where: { trimmed($0).isEmpty }),
        lines[..<blank].contains(where: { !trimmed($0).isEmpty })
    else { return [] }
    return Array(lines[(blank + 1)...])
}

private func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
    var text = text.drop(while: isBlank)
    while let last = text.last, isBlank(last) { text.removeLast() }
    return text
}
