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
    package func json(withBlobs: Bool) -> JSONValue {
        [
            "format": .integer(Self.formatVersion),
            "bundles": .array(bundles.map(\.json)),
            "files": .array(files.map { $0.json(withBlob: withBlobs) }),
            "directories": .array(directories.map(\.json)),
            "units": .array(units.map(\.json)),
            "validators": .array(validators.map(\.json)),
            "health": health.json,
        ]
    }
}

extension BundlePolicy {
    fileprivate var json: JSONValue { ["name": .string(name), "drift": .string(drift.rawValue)] }
}

extension DesiredFile {
    fileprivate func json(withBlob: Bool) -> JSONValue {
        var members: [String: JSONValue] = [
            "path": .string(path), "bundle": .string(bundle),
            "sha256": .string(content.description), "size": .integer(Int64(size)),
            "mode": .string(String(mode, radix: 8)), "owner": .string(owner.description),
            "placement": .string(placement.rawValue),
        ]
        if withBlob, let blob { members["blob"] = .string(blob.text) }
        return .object(members)
    }
}

extension DesiredDirectory {
    fileprivate var json: JSONValue {
        [
            "path": .string(path), "bundle": .string(bundle),
            "mode": .string(String(mode, radix: 8)), "owner": .string(owner.description),
        ]
    }
}

extension DesiredUnit {
    fileprivate var json: JSONValue {
        var members: [String: JSONValue] = [
            "name": .string(name), "bundle": .string(bundle),
            "restart-on": .array(restartOn.map { .string($0) }),
            "reload-on": .array(reloadOn.map { .string($0) }),
        ]
        if let enabled { members["enabled"] = .bool(enabled) }
        if let activity { members["state"] = .string(activity.rawValue) }
        return .object(members)
    }
}

extension DesiredValidator {
    fileprivate var json: JSONValue {
        [
            "bundle": .string(bundle), "command": .array(command.map { .string($0) }),
            "timeout": .string(timeout.flotillaText),
        ]
    }
}

extension HealthGate {
    fileprivate var json: JSONValue {
        [
            "settle": .string(settle.flotillaText), "interval": .string(interval.flotillaText),
            "deadline": .string(deadline.flotillaText), "checks": .array(checks.map(\.json)),
        ]
    }
}

extension HealthCheck {
    package var json: JSONValue {
        var members: [String: JSONValue] = [
            "name": .string(name), "bundle": .string(bundle),
            "timeout": .string(timeout.flotillaText),
        ]
        switch probe {
        case .file(let path, let contains):
            members["file"] = [
                "path": .string(path), "contains": contains.map { .string($0) } ?? .null,
            ]
        case .command(let command):
            members["command"] = .array(command.map { .string($0) })
        case .http(let url, let status, let contains):
            members["http"] = [
                "url": .string(url), "status": .integer(Int64(status)),
                "contains": contains.map { .string($0) } ?? .null,
            ]
        case .tcp(let host, let port):
            members["tcp"] = ["host": .string(host), "port": .integer(Int64(port))]
        case .unit(let unit):
            members["unit"] = .string(unit)
        }
        return .object(members)
    }
}
