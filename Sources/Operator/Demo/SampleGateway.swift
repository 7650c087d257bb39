internal import Foundation

/// What the gateway of the sample fleet should have, worked out by hand from the operator's files:
/// apart from the product's own resolution, so that each can prove the other wrong.
package struct SampleGateway: Sendable {
    package static let id = "gateway-berlin-1"

    /// The values of the templates for this device: fleet, then its groups, then its own file.
    package var values = [
        "operator": "Harbour Information Services",
        "support_phone": "+49 30 5550100",
        "ntp_server": "ntp.berlin.harbour.example",
        "portal_upstream": "127.0.0.1:9000",
        "portal_name": "portal.berlin.harbour.example",
        "site_name": "Berlin Harbour",
        "telemetry_interval": "60s",
        "telemetry_endpoint": "https://telemetry.harbour.example/v1/push",
        "device.id": SampleGateway.id,
        "label.role": "gateway",
        "label.site": "berlin",
    ]

    package init() {}

    private struct File {
        var path: String
        var source: String
        var mode: UInt16 = 0o644
        var isTemplate = false
        var isLink = false
    }

    private static let files = [
        File(path: "/etc/motd", source: "base/files/motd", isTemplate: true),
        File(path: "/etc/fleet-release", source: "base/files/fleet-release", isTemplate: true),
        File(
            path: "/etc/systemd/timesyncd.conf.d/fleet.conf",
            source: "base/files/timesyncd.conf", isTemplate: true),
        File(path: "/etc/sysctl.d/60-fleet.conf", source: "sysctl/files/60-fleet.conf"),
        File(path: "/etc/sysctl.d/70-gateway.conf", source: "sysctl/files/70-gateway.conf"),
        File(
            path: "/etc/nginx/conf.d/portal-upstream.conf",
            source: "reverse-proxy/files/portal-upstream.conf", isTemplate: true, isLink: true),
        File(
            path: "/etc/nginx/sites-enabled/portal.conf",
            source: "reverse-proxy/files/portal.conf", isTemplate: true, isLink: true),
        File(
            path: "/srv/portal/unavailable.html", source: "reverse-proxy/portal/unavailable.html"),
        File(path: "/srv/portal/style.css", source: "reverse-proxy/portal/style.css"),
        File(
            path: "/usr/local/bin/fleet-telemetry", source: "telemetry/files/fleet-telemetry",
            mode: 0o755),
        File(
            path: "/etc/telemetry/telemetry.conf", source: "telemetry/files/telemetry.conf",
            mode: 0o640, isTemplate: true),
        File(
            path: "/etc/systemd/system/telemetry.service",
            source: "telemetry/files/telemetry.service"),
    ]

    private static let folders: [String: UInt16] = [
        "/var/cache/portal": 0o750, "/var/lib/telemetry": 0o750, "/srv/portal": 0o755,
    ]

    /// The device's whole tree: what stood there before, and over it what the fleet says.
    ///
    /// - Parameter extraFolder: a folder of the fleet repository whose files stand at `/srv/NAME`.
    package func tree(
        from fleet: String, over before: DeviceTree, extraFolder: (source: String, path: String)?
    ) throws -> DeviceTree {
        var tree = before.withoutIdentities
        for (path, mode) in Self.folders {
            Self.add(DeviceTree.Entry(.folder, mode: mode), at: path, to: &tree)
        }
        for file in Self.files {
            var bytes = try Self.contents("\(fleet)/bundles/\(file.source)")
            if file.isTemplate { bytes = filled(bytes) }
            let content: DeviceTree.Content = file.isLink ? .link(readsAs: bytes) : .file(bytes)
            Self.add(DeviceTree.Entry(content, mode: file.mode), at: file.path, to: &tree)
        }
        if let (source, path) = extraFolder {
            for name in try FileManager.default.contentsOfDirectory(atPath: "\(fleet)/\(source)") {
                let bytes = try Self.contents("\(fleet)/\(source)/\(name)")
                Self.add(
                    DeviceTree.Entry(.file(bytes), mode: 0o644), at: "\(path)/\(name)", to: &tree)
            }
        }
        return tree
    }

    private static func contents(_ path: String) throws -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw DemoError("\(path) is missing; the demo's picture of the sample fleet is old")
        }
        return Array(data)
    }

    /// Puts the values in.
    private func filled(_ template: [UInt8]) -> [UInt8] {
        var text = String(decoding: template, as: UTF8.self)
        for (name, value) in values {
            text = text.replacingOccurrences(of: "{{ \(name) }}", with: value)
        }
        return Array(text.utf8)
    }

    /// Adds it with the folders above it.
    private static func add(
        _ entry: DeviceTree.Entry, at path: String, to tree: inout DeviceTree
    ) {
        var parent = (path as NSString).deletingLastPathComponent
        while parent != "/" {
            if tree.entries[parent] == nil {
                tree.entries[parent] = DeviceTree.Entry(.folder, mode: 0o755)
            }
            parent = (parent as NSString).deletingLastPathComponent
        }
        tree.entries[path] = entry
    }
}
