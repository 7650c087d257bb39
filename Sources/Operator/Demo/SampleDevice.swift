internal import Foundation

/// What a device of the sample fleet should have, worked out by hand from the operator's files:
/// apart from the product's own resolution, so that each can prove the other wrong.
package struct SampleDevice: Sendable {
    package enum Role: String, Sendable {
        case gateway, kiosk
        case sensorHub = "sensor-hub"
    }

    package enum Site: String, Sendable {
        case berlin, potsdam
    }

    package let id: String
    package let role: Role
    package let site: Site
    /// What its own file says beside its labels.
    package let ownValues: [String: String]
    /// The values of the templates for this device: fleet, then its groups, then its own file.
    package var values: [String: String]

    package init(_ id: String, _ role: Role, _ site: Site, _ ownValues: [String: String] = [:]) {
        self.id = id
        self.role = role
        self.site = site
        self.ownValues = ownValues
        values = Self.fleetValues.merging(Self.siteValues(site)) { $1 }
        if role == .kiosk { values.merge(Self.kioskValues) { $1 } }
        values.merge(ownValues) { $1 }
        values.merge(
            ["device.id": id, "label.role": role.rawValue, "label.site": site.rawValue]
        ) { $1 }
    }

    /// The one of the one-device story.
    package static let gateway = SampleDevice(
        "gateway-berlin-1", .gateway, .berlin, ["portal_upstream": "127.0.0.1:9000"])

    /// Sets what the fleet's own file says; a device's own value stays.
    package mutating func set(_ name: String, _ value: String) {
        if ownValues[name] == nil { values[name] = value }
    }

    // MARK: The sample fleet's values

    private static let fleetValues = [
        "operator": "Harbour Information Services",
        "support_phone": "+49 30 5550100",
        "ntp_server": "ntp.harbour.example",
        "portal_upstream": "127.0.0.1:8080",
        "telemetry_interval": "60s",
        "telemetry_endpoint": "https://telemetry.harbour.example/v1/push",
    ]

    private static let kioskValues = [
        "kiosk_page": "https://tickets.harbour.example/", "kiosk_brightness": "80",
    ]

    private static func siteValues(_ site: Site) -> [String: String] {
        switch site {
        case .berlin:
            [
                "site_name": "Berlin Harbour", "portal_name": "portal.berlin.harbour.example",
                "ntp_server": "ntp.berlin.harbour.example",
            ]
        case .potsdam:
            [
                "site_name": "Potsdam Boathouse",
                "portal_name": "portal.potsdam.harbour.example",
            ]
        }
    }

    // MARK: Its files

    private struct File {
        var path: String
        var source: String
        var mode: UInt16 = 0o644
        var isTemplate = false
        var isLink = false
    }

    private static let commonFiles = [
        File(path: "/etc/motd", source: "base/files/motd", isTemplate: true),
        File(path: "/etc/fleet-release", source: "base/files/fleet-release", isTemplate: true),
        File(
            path: "/etc/systemd/timesyncd.conf.d/fleet.conf",
            source: "base/files/timesyncd.conf", isTemplate: true),
        File(path: "/etc/sysctl.d/60-fleet.conf", source: "sysctl/files/60-fleet.conf"),
    ]

    private static let gatewayFiles = [
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
    ]

    private static let telemetryFiles = [
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

    private static let kioskFiles = [
        File(path: "/etc/kiosk/kiosk.conf", source: "kiosk/files/kiosk.conf", isTemplate: true),
        File(
            path: "/etc/systemd/system/kiosk.service", source: "kiosk/files/kiosk.service"),
    ]

    private static let sensorFiles = [
        File(path: "/etc/sensors/hub.conf", source: "sensors/files/sensors.conf", isTemplate: true)
    ]

    private var files: [File] {
        switch role {
        case .gateway: Self.commonFiles + Self.gatewayFiles + Self.telemetryFiles
        case .kiosk: Self.commonFiles + Self.kioskFiles
        case .sensorHub: Self.commonFiles + Self.telemetryFiles + Self.sensorFiles
        }
    }

    private var folders: [String: UInt16] {
        switch role {
        case .gateway:
            ["/var/cache/portal": 0o750, "/var/lib/telemetry": 0o750, "/srv/portal": 0o755]
        case .kiosk: [:]
        case .sensorHub: ["/var/lib/telemetry": 0o750]
        }
    }

    /// The device's whole tree: what stood there before, and over it what the fleet says.
    ///
    /// - Parameter extraFolder: a folder of the fleet repository whose files stand at a path.
    package func tree(
        from fleet: String, over before: DeviceTree,
        extraFolder: (source: String, path: String)? = nil
    ) throws -> DeviceTree {
        var tree = before.withoutIdentities
        for (path, mode) in folders {
            Self.add(DeviceTree.Entry(.folder, mode: mode), at: path, to: &tree)
        }
        for file in files {
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
