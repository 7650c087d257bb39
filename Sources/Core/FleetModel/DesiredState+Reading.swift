internal import Digests
package import Documents

extension DesiredState {
    /// The inverse of `json(withBlobs:)`: a device reads back what its own worker wrote. All that is
    /// wrong is told at once.
    package init(reading node: Node, file: String) throws(InvalidDocument) {
        var reader = MappingReader(node, file: file, what: "the desired state")
        let format = reader.integer("format", in: 1...Int.max)
        guard format == Int(Self.formatVersion) else {
            throw unreadableFormat(format, of: reader)
        }
        let bundles = reader.list("bundles").compactMap { BundlePolicy.read($0, in: &reader) }
        let files = reader.list("files").compactMap { DesiredFile.read($0, in: &reader) }
        let directories = reader.list("directories").compactMap {
            DesiredDirectory.read($0, in: &reader)
        }
        let links = reader.list("links").compactMap { DesiredLink.read($0, in: &reader) }
        let units = reader.list("units").compactMap { DesiredUnit.read($0, in: &reader) }
        let hooks = reader.list("hooks").compactMap { DesiredHook.read($0, in: &reader) }
        let validators = reader.list("validators").compactMap {
            DesiredValidator.read($0, in: &reader)
        }
        let health = reader.requiredNode("health").flatMap { HealthGate.read($0, in: &reader) }
        reader.finish()
        guard let health, reader.diagnostics.isEmpty else {
            throw InvalidDocument(reader.diagnostics)
        }
        self.init(
            bundles: bundles, files: files, links: links, directories: directories, units: units,
            hooks: hooks, validators: validators, health: health)
    }
}

extension HealthCheck {
    /// The inverse of `json`, for the probe that runs in a process of its own.
    package init(reading node: Node, file: String) throws(InvalidDocument) {
        // The check is read as the only element of a mapping that nobody wrote.
        var parent = MappingReader(Node(.mapping([]), at: node.position), file: file, what: "")
        guard let check = HealthCheck.read(node, in: &parent), parent.diagnostics.isEmpty else {
            throw InvalidDocument(parent.diagnostics)
        }
        self = check
    }
}

private func unreadableFormat(_ format: Int?, of reader: MappingReader) -> InvalidDocument {
    if !reader.diagnostics.isEmpty { return InvalidDocument(reader.diagnostics) }
    let what = format.map { "format \($0)" } ?? "no format"
    return InvalidDocument(
        Diagnostic(
            file: reader.file, position: reader.node.position,
            message:
                "the desired state has \(what), and this program reads format \(DesiredState.formatVersion)",
            fix: "Run the programs of one version together, then let the device sync again."))
}

// Each part below reads one mapping, hands what is wrong in it to the reader around it, and is nil
// where a value is missing without which it can't be.

extension MappingReader {
    /// Reads `node` as a mapping inside this one.
    fileprivate mutating func nested<Part>(
        _ node: Node, _ what: String, _ read: (inout MappingReader) -> Part?
    ) -> Part? {
        var reader = MappingReader(node, file: file, what: what)
        let part = read(&reader)
        reader.finish()
        take(reader.diagnostics)
        return part
    }

    fileprivate mutating func value<Value>(
        _ key: String, _ rule: String, _ read: (String) -> Value?
    ) -> Value? {
        guard let (text, position) = requiredText(key) else { return nil }
        if let value = read(text) { return value }
        report(
            at: position, "`\(key)` must be \(rule), not `\(text)`",
            fix: "Let the device sync again: it writes this record itself.")
        return nil
    }

    fileprivate mutating func requiredTexts(_ key: String) -> [String]? {
        requiredNode(key) == nil ? nil : texts(key).map(\.value)
    }

    fileprivate mutating func requiredDuration(_ key: String) -> Duration? {
        requiredNode(key) == nil ? nil : duration(key)
    }

    fileprivate mutating func requiredInteger(_ key: String, in range: ClosedRange<Int>) -> Int? {
        requiredNode(key) == nil ? nil : integer(key, in: range)
    }

    fileprivate mutating func requiredChoice<Choice: RawRepresentable<String> & CaseIterable>(
        _ key: String
    ) -> Choice? {
        requiredNode(key) == nil ? nil : choice(key)
    }

    fileprivate mutating func path(_ key: String) -> String? {
        value(key, "an absolute path without `.` and `..`") { isAbsolutePath($0) ? $0 : nil }
    }

    fileprivate mutating func mode() -> UInt16? {
        value("mode", "octal permissions up to 7777") { text in
            UInt16(text, radix: 8).flatMap { $0 <= 0o7777 ? $0 : nil }
        }
    }

    fileprivate mutating func attributes() -> [String: String] {
        var attributes: [String: String] = [:]
        for entry in mapping("attributes") {
            guard case .scalar(let scalar) = entry.value.content else {
                report(
                    at: entry.value.position, "the attribute `\(entry.key)` must be a text",
                    fix: "Let the device sync again: it writes this record itself.")
                continue
            }
            attributes[entry.key] = scalar.text
        }
        return attributes
    }

    fileprivate mutating func owner() -> Ownership? {
        value("owner", "`user:group`") { text in
            let names = text.split(separator: ":", omittingEmptySubsequences: false)
            guard names.count == 2, !names[0].isEmpty, !names[1].isEmpty else { return nil }
            return Ownership(user: String(names[0]), group: String(names[1]))
        }
    }
}

extension BundlePolicy {
    fileprivate static func read(_ node: Node, in parent: inout MappingReader) -> Self? {
        parent.nested(node, "a bundle") { reader in
            let name = reader.requiredText("name")?.value
            let drift: DriftPolicy? = reader.requiredChoice("drift")
            let mode: BundleMode? = reader.choice("mode")
            let rebootOn = reader.texts("reboot-on").map(\.value)
            let network = reader.bool("network")
            guard let name, let drift else { return nil }
            return BundlePolicy(
                name: name, drift: drift, mode: mode ?? .apply, rebootOn: rebootOn,
                network: network)
        }
    }
}

extension DesiredFile {
    fileprivate static func read(_ node: Node, in parent: inout MappingReader) -> Self? {
        parent.nested(node, "a file") { reader in
            let path = reader.path("path")
            let bundle = reader.requiredText("bundle")?.value
            let content = reader.value("sha256", "64 hexadecimal digits") { ContentDigest($0) }
            let size = reader.requiredInteger("size", in: 0...Limits.fileBytes)
            let mode = reader.mode()
            let owner = reader.owner()
            let placement: Placement? = reader.requiredChoice("placement")
            let create: Creation? = reader.choice("create")
            let drift: DriftPolicy? = reader.choice("drift")
            let attributes = reader.attributes()
            let blob =
                reader.node("blob") == nil
                ? nil : reader.value("blob", "40 hexadecimal digits") { ObjectID($0) }
            guard let path, let bundle, let content, let size, let mode, let owner, let placement
            else { return nil }
            return DesiredFile(
                path: path, bundle: bundle, content: content, size: size, mode: mode,
                owner: owner, placement: placement, create: create ?? .always, drift: drift,
                attributes: attributes, blob: blob)
        }
    }
}

extension DesiredLink {
    fileprivate static func read(_ node: Node, in parent: inout MappingReader) -> Self? {
        parent.nested(node, "a link") { reader in
            let path = reader.path("path")
            let bundle = reader.requiredText("bundle")?.value
            let target = reader.requiredText("target")?.value
            let drift: DriftPolicy? = reader.choice("drift")
            guard let path, let bundle, let target else { return nil }
            return DesiredLink(path: path, bundle: bundle, target: target, drift: drift)
        }
    }
}

extension DesiredDirectory {
    fileprivate static func read(_ node: Node, in parent: inout MappingReader) -> Self? {
        parent.nested(node, "a directory") { reader in
            let path = reader.path("path")
            let bundle = reader.requiredText("bundle")?.value
            let mode = reader.mode()
            let owner = reader.owner()
            let isOwned = reader.bool("owned")
            let drift: DriftPolicy? = reader.choice("drift")
            guard let path, let bundle, let mode, let owner else { return nil }
            return DesiredDirectory(
                path: path, bundle: bundle, mode: mode, owner: owner, isOwned: isOwned ?? false,
                drift: drift)
        }
    }
}

extension DesiredUnit {
    fileprivate static func read(_ node: Node, in parent: inout MappingReader) -> Self? {
        parent.nested(node, "a unit") { reader in
            let name = reader.requiredText("name")?.value
            let bundle = reader.requiredText("bundle")?.value
            let enabled = reader.bool("enabled")
            let activity: Activity? = reader.choice("state")
            let restartOn = reader.requiredTexts("restart-on")
            let reloadOn = reader.requiredTexts("reload-on")
            let after = reader.texts("after").map(\.value)
            let drift: DriftPolicy? = reader.choice("drift")
            guard let name, let bundle, let restartOn, let reloadOn else { return nil }
            return DesiredUnit(
                name: name, bundle: bundle, enabled: enabled, activity: activity,
                restartOn: restartOn, reloadOn: reloadOn, after: after, drift: drift)
        }
    }
}

extension DesiredValidator {
    fileprivate static func read(_ node: Node, in parent: inout MappingReader) -> Self? {
        parent.nested(node, "a validator") { reader in
            let bundle = reader.requiredText("bundle")?.value
            let command = reader.requiredTexts("command")
            let timeout = reader.requiredDuration("timeout")
            let view: View? = reader.choice("view")
            guard let bundle, let command, let timeout else { return nil }
            return DesiredValidator(
                bundle: bundle, command: command, timeout: timeout, view: view ?? .stage)
        }
    }
}

extension DesiredHook {
    fileprivate static func read(_ node: Node, in parent: inout MappingReader) -> Self? {
        parent.nested(node, "a hook") { reader in
            let name = reader.requiredText("name")?.value
            let bundle = reader.requiredText("bundle")?.value
            let moment: Moment? = reader.requiredChoice("moment")
            let command = reader.requiredTexts("command")
            let on = reader.requiredTexts("on")
            let timeout = reader.requiredDuration("timeout")
            guard let name, let bundle, let moment, let command, let on, let timeout
            else { return nil }
            return DesiredHook(
                name: name, bundle: bundle, moment: moment, command: command, on: on,
                timeout: timeout)
        }
    }
}

extension HealthGate {
    fileprivate static func read(_ node: Node, in parent: inout MappingReader) -> Self? {
        parent.nested(node, "the health gate") { reader in
            let settle = reader.requiredDuration("settle")
            let interval = reader.requiredDuration("interval")
            let deadline = reader.requiredDuration("deadline")
            let checks = reader.list("checks").compactMap {
                HealthCheck.read($0, in: &reader)
            }
            let scope: Scope? = reader.choice("gate")
            let wayHome = reader.duration("wayHome")
            guard let settle, let interval, let deadline else { return nil }
            return HealthGate(
                settle: settle, interval: interval, deadline: deadline, checks: checks,
                scope: scope ?? .regressions, wayHome: wayHome ?? usualWayHome)
        }
    }
}

extension HealthCheck {
    fileprivate static func read(_ node: Node, in parent: inout MappingReader) -> Self? {
        parent.nested(node, "a check") { reader in
            let name = reader.requiredText("name")?.value
            let bundle = reader.requiredText("bundle")?.value
            let timeout = reader.requiredDuration("timeout")
            let retries = reader.integer("retries", in: 0...Limits.checkRetries)
            let probes = Probe.all(in: &reader)
            guard let name, let bundle, let timeout else { return nil }
            guard let probe = probes.first, probes.count == 1 else {
                reader.report(
                    at: node.position, "the check `\(name)` has \(probes.count) probes, not one",
                    fix: "Give it exactly one of file, command, http, tcp, unit, disk and memory.")
                return nil
            }
            return HealthCheck(
                name: name, bundle: bundle, probe: probe, timeout: timeout, retries: retries ?? 0)
        }
    }
}

extension HealthCheck.Probe {
    fileprivate static func all(in reader: inout MappingReader) -> [Self] {
        let file: Self? = reader.node("file").flatMap { node in
            reader.nested(node, "`file`") { inner in
                let path = inner.path("path")
                let contains = inner.text("contains")?.value
                return path.map { .file(path: $0, contains: contains) }
            }
        }
        let command: Self? =
            reader.node("command") == nil ? nil : .command(reader.texts("command").map(\.value))
        let http: Self? = reader.node("http").flatMap { node in
            reader.nested(node, "`http`") { inner in
                let url = inner.requiredText("url")?.value
                let status = inner.requiredInteger("status", in: 100...599)
                let contains = inner.text("contains")?.value
                guard let url, let status else { return nil }
                return .http(url: url, status: status, contains: contains)
            }
        }
        let tcp: Self? = reader.node("tcp").flatMap { node in
            reader.nested(node, "`tcp`") { inner in
                let host = inner.requiredText("host")?.value
                let port = inner.requiredInteger("port", in: 1...65_535)
                guard let host, let port else { return nil }
                return .tcp(host: host, port: port)
            }
        }
        let unit: Self? = reader.text("unit").map { .unit($0.value) }
        let disk: Self? = reader.node("disk").flatMap { node in
            reader.nested(node, "`disk`") { inner in
                let path = inner.text("path")?.value == "/" ? "/" : inner.path("path")
                let free = inner.requiredInteger("free", in: 0...Int.max)
                guard let path, let free else { return nil }
                return .disk(path: path, free: Int64(free))
            }
        }
        let memory: Self? = reader.node("memory").flatMap { node in
            reader.nested(node, "`memory`") { inner in
                inner.requiredInteger("available", in: 0...Int.max)
                    .map { .memory(available: Int64($0)) }
            }
        }
        return [file, command, http, tcp, unit, disk, memory].compactMap(\.self)
    }
}
