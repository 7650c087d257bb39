internal import Digests
package import Documents
internal import FleetModel
internal import WireMessages

extension RolloutState {
    /// Reads what `json` wrote. `file` names the store in messages.
    package init(reading node: Node, file: String) throws(InvalidDocument) {
        var reader = RecordReader(node, file: file, what: "the rollout's state")
        guard try reader.integer("format") == Self.format else { throw reader.fault("format") }
        self.init(channel: try reader.value("channel") { ChannelName($0) })
        if let node = reader.node("current") { current = try Rollout(reading: node, file: file) }
        if let node = reader.node("queued") {
            queued = try RolloutRelease(reading: node, file: file)
        }
        tip = try reader.optional("tip") { ObjectID($0) }
        if let node = reader.node("order") {
            guard let order = try? Order(reading: node) else { throw reader.fault("order") }
            self.order = order
        }
        lastSequence = try reader.integer("lastSequence")
        for node in try reader.list("decisions") {
            decisions.append(try Decision(reading: node, file: file))
        }
        for node in try reader.list("past") {
            past.append(try Past(reading: node, file: file))
        }
        lastStep = try reader.optionalInstant("lastStep")
        if let from = try reader.optionalInstant("leapFrom") {
            leap = Leap(from: from, sequence: try reader.integer("leapSequence"))
        }
    }
}

extension RolloutState.Past {
    fileprivate init(reading node: Node, file: String) throws(InvalidDocument) {
        var reader = RecordReader(node, file: file, what: "a rollout that is over")
        try self.init(
            release: reader.object("release"), tree: reader.object("tree"),
            standing: reader.value("standing") { Order.Standing(rawValue: $0) },
            began: reader.instant("began"), ended: reader.instant("ended"),
            reason: reader.text("reason"), affected: reader.count("affected"),
            counts: reader.counts("counts"))
    }
}

extension Rollout {
    fileprivate init(reading node: Node, file: String) throws(InvalidDocument) {
        var reader = RecordReader(node, file: file, what: "the rollout")
        guard let release = reader.node("release") else { throw reader.fault("release") }
        self.init(
            try RolloutRelease(reading: release, file: file), began: try reader.instant("began"))
        standing = try reader.value("standing") { Order.Standing(rawValue: $0) }
        since = try reader.instant("since")
        reason = try reader.text("reason")
        for node in try reader.list("openWaves") {
            openWaves.append(try OpenWave(reading: node, file: file))
        }
        openSince = try reader.instant("openSince")
        closedAt = try reader.optionalInstant("closedAt")
        wellSince = try reader.optionalInstant("wellSince")
        forgivenUntil = try reader.optionalInstant("forgivenUntil")
        missedUntil = try reader.optionalInstant("missedUntil")
        leaders = try reader.devices("leaders")
        isReplaced = try reader.bool("isReplaced")
        guard openWaves.count <= allWaves.count else { throw reader.fault("openWaves") }
    }
}

extension Rollout.OpenWave {
    fileprivate init(reading node: Node, file: String) throws(InvalidDocument) {
        var reader = RecordReader(node, file: file, what: "an open wave")
        try self.init(
            opened: reader.instant("opened"), sequence: reader.integer("sequence"),
            below: reader.value("below") { UInt64($0, radix: 16) },
            isWhole: reader.bool("isWhole"), leaders: reader.devices("leaders"),
            size: reader.count("size"))
    }
}

extension RolloutRelease {
    fileprivate init(reading node: Node, file: String) throws(InvalidDocument) {
        var reader = RecordReader(node, file: file, what: "a release")
        var manifest: RolloutManifest?
        if let node = reader.node("manifest") {
            manifest = try RolloutManifest(reading: node, file: file)
        }
        try self.init(
            revision: reader.object("revision"), tree: reader.object("tree"), manifest: manifest,
            salt: reader.text("salt"))
    }
}

extension RolloutManifest {
    fileprivate init(reading node: Node, file: String) throws(InvalidDocument) {
        var reader = RecordReader(node, file: file, what: "a rollout's manifest")
        var waves: [Wave] = []
        for node in try reader.list("waves") {
            waves.append(try Wave(reading: node, file: file))
        }
        try self.init(
            waves: waves,
            stopFailures: reader.parsed("stopFailures") { (text) throws(TextFault) in
                try RolloutAmount(text)
            },
            silentAfter: reader.span("silentAfter"), spread: reader.span("spread"),
            onNewer: reader.value("onNewer") { OnNewer(rawValue: $0) })
    }
}

extension RolloutManifest.Wave {
    fileprivate init(reading node: Node, file: String) throws(InvalidDocument) {
        var reader = RecordReader(node, file: file, what: "a wave")
        var limit: RolloutAmount?
        if reader.optionalText("limit") != nil {
            limit = try reader.parsed("limit") { (text) throws(TextFault) in
                try RolloutAmount(text)
            }
        }
        try self.init(
            name: reader.text("name"),
            namePosition: SourcePosition(
                line: reader.count("line"), column: reader.count("column")),
            match: reader.parsed("match") { (text) throws(TextFault) in try Selector(text) },
            limit: limit, soak: reader.span("soak"), success: reader.count("success"))
    }
}

extension Decision {
    /// A decision whose digest does not fit is damaged, and so is the chain.
    fileprivate init(reading node: Node, file: String) throws(InvalidDocument) {
        var reader = RecordReader(node, file: file, what: "a decision")
        try self.init(
            number: reader.integer("number"),
            at: Instant(nanoseconds: reader.integer("at") * 1_000_000),
            kind: reader.value("kind") { Kind(rawValue: $0) }, release: reader.object("release"),
            wave: reader.optionalText("wave"), text: reader.text("text"),
            counts: reader.counts("counts"),
            after: reader.optional("previous") { ContentDigest($0) })
        guard try reader.value("digest", { ContentDigest($0) }) == digest else {
            throw reader.fault("digest")
        }
    }
}
