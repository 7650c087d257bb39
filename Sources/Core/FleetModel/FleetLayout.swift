internal import Digests

/// Where everything stands in a fleet repository. Paths are relative to its root.
package enum FleetLayout {
    package static let fleetFile = "fleet.yaml"
    package static let rolloutFile = "rollout.yaml"
    package static let allowedSigners = "trust/allowed_signers"
    package static let policy = "trust/policy.yaml"
    package static let devices = "devices"
    package static let groups = "groups"
    package static let bundles = "bundles"
    package static let manifest = "bundle.yaml"

    /// The first byte of SHA-256(id) as two hexadecimal digits. 256 folders keep each one small, so
    /// that a change of one device costs all others next to nothing to download.
    package static func shard(of device: DeviceID) -> String {
        Hex.encode(SHA256.hash(device.text.utf8).bytes.prefix(1))
    }

    package static func deviceFile(_ device: DeviceID) -> String {
        "\(devices)/\(shard(of: device))/\(device.text).yaml"
    }

    /// A key with a prefix (`example.com/role`) gives a folder of the prefix's name.
    package static func groupFile(label key: String, value: String) -> String {
        "\(groups)/\(key)=\(value).yaml"
    }

    package static func bundleFolder(_ name: String) -> String { "\(bundles)/\(name)" }
    package static func bundleFile(_ name: String) -> String { "\(bundles)/\(name)/\(manifest)" }
}
