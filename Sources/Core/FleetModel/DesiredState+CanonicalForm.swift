package import Digests
package import Documents

extension DesiredState {
    /// Of the canonical form. A new number means new digests: both sides report theirs.
    package static let formatVersion: Int64 = 1

    /// The canonical form: RFC 8785 JSON, the same on every machine for equal states.
    package var canonicalForm: String { json(withBlobs: false).canonical }

    /// The SHA-256 of the canonical form.
    package var digest: ContentDigest { SHA256.hash(canonicalForm.utf8) }

    /// The same as a value; `withBlobs` adds where each content lies in the device's object store.
    /// What is as it is without being said is left out: a state that says nothing of what a newer
    /// program knows has one digest on both sides.
    package func json(withBlobs: Bool) -> JSONValue {
        var members: [String: JSONValue] = [
            "format": .integer(Self.formatVersion),
            "bundles": .array(bundles.map(\.json)),
            "files": .array(files.map { $0.json(withBlob: withBlobs) }),
            "directories": .array(directories.map(\.json)),
            "units": .array(units.map(\.json)),
            "validators": .array(validators.map(\.json)),
            "health": health.json,
        ]
        if !links.isEmpty { members["links"] = .array(links.map(\.json)) }
        if !hooks.isEmpty { members["hooks"] = .array(hooks.map(\.json)) }
        return .object(members)
    }
}

extension BundlePolicy {
    fileprivate var json: JSONValue {
        var members: [String: JSONValue] = [
            "name": .string(name), "drift": .string(drift.rawValue),
        ]
        if mode != .apply { members["mode"] = .string(mode.rawValue) }
        if !rebootOn.isEmpty { members["reboot-on"] = texts(rebootOn) }
        if let network { members["network"] = .bool(network) }
        return .object(members)
    }
}

private func texts(_ texts: [String]) -> JSONValue { .array(texts.map { .string($0) }) }

extension DesiredFile {
    fileprivate func json(withBlob: Bool) -> JSONValue {
        var members: [String: JSONValue] = [
            "path": .string(path), "bundle": .string(bundle),
            "sha256": .string(content.description), "size": .integer(Int64(size)),
            "mode": .string(String(mode, radix: 8)), "owner": .string(owner.description),
            "placement": .string(placement.rawValue),
        ]
        if create != .always { members["create"] = .string(create.rawValue) }
        if let drift { members["drift"] = .string(drift.rawValue) }
        if !attributes.isEmpty {
            members["attributes"] = .object(attributes.mapValues { .string($0) })
        }
        if withBlob, let blob { members["blob"] = .string(blob.text) }
        return .object(members)
    }
}

extension DesiredLink {
    fileprivate var json: JSONValue {
        var members: [String: JSONValue] = [
            "path": .string(path), "bundle": .string(bundle), "target": .string(target),
        ]
        if let drift { members["drift"] = .string(drift.rawValue) }
        return .object(members)
    }
}

extension DesiredDirectory {
    fileprivate var json: JSONValue {
        var members: [String: JSONValue] = [
            "path": .string(path), "bundle": .string(bundle),
            "mode": .string(String(mode, radix: 8)), "owner": .string(owner.description),
        ]
        if isOwned { members["owned"] = true }
        if let drift { members["drift"] = .string(drift.rawValue) }
        return .object(members)
    }
}

extension DesiredUnit {
    fileprivate var json: JSONValue {
        var members: [String: JSONValue] = [
            "name": .string(name), "bundle": .string(bundle),
            "restart-on": texts(restartOn), "reload-on": texts(reloadOn),
        ]
        if !after.isEmpty { members["after"] = texts(after) }
        if let drift { members["drift"] = .string(drift.rawValue) }
        if let enabled { members["enabled"] = .bool(enabled) }
        if let activity { members["state"] = .string(activity.rawValue) }
        return .object(members)
    }
}

extension DesiredValidator {
    fileprivate var json: JSONValue {
        var members: [String: JSONValue] = [
            "bundle": .string(bundle), "command": texts(command),
            "timeout": .string(timeout.flotillaText),
        ]
        if view != .stage { members["view"] = .string(view.rawValue) }
        return .object(members)
    }
}

extension DesiredHook {
    fileprivate var json: JSONValue {
        [
            "name": .string(name), "bundle": .string(bundle),
            "moment": .string(moment.rawValue), "command": texts(command), "on": texts(on),
            "timeout": .string(timeout.flotillaText),
        ]
    }
}

extension HealthGate {
    fileprivate var json: JSONValue {
        var members: [String: JSONValue] = [
            "settle": .string(settle.flotillaText), "interval": .string(interval.flotillaText),
            "deadline": .string(deadline.flotillaText), "checks": .array(checks.map(\.json)),
        ]
        if scope != .regressions { members["gate"] = .string(scope.rawValue) }
        if wayHome != Self.usualWayHome { members["wayHome"] = .string(wayHome.flotillaText) }
        return .object(members)
    }
}

extension HealthCheck {
    package var json: JSONValue {
        var members: [String: JSONValue] = [
            "name": .string(name), "bundle": .string(bundle),
            "timeout": .string(timeout.flotillaText),
        ]
        if retries > 0 { members["retries"] = .integer(Int64(retries)) }
        switch probe {
        case .file(let path, let contains):
            members["file"] = [
                "path": .string(path), "contains": contains.map { .string($0) } ?? .null,
            ]
        case .command(let command):
            members["command"] = texts(command)
        case .http(let url, let status, let contains):
            members["http"] = [
                "url": .string(url), "status": .integer(Int64(status)),
                "contains": contains.map { .string($0) } ?? .null,
            ]
        case .tcp(let host, let port):
            members["tcp"] = ["host": .string(host), "port": .integer(Int64(port))]
        case .unit(let unit):
            members["unit"] = .string(unit)
        case .disk(let path, let free):
            members["disk"] = ["path": .string(path), "free": .integer(free)]
        case .memory(let available):
            members["memory"] = ["available": .integer(available)]
        }
        return .object(members)
    }
}
