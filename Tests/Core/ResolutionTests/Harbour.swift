import Documents
import FleetModel
import Resolution
import YAMLDocument

/// A small fleet that is right in all its parts; tests change one thing.
struct Harbour {
    static let bundle = "bundles/web/bundle.yaml"

    static let things: [String: MemoryTree.Thing] = [
        "fleet.yaml": """
        format: 1
        name: harbour
        vars:
          upstream: 127.0.0.1:8080
          contact: nobody
        labels:
          local:
            role: [gateway, kiosk]
            site: [berlin, potsdam]
        """,
        "trust/allowed_signers": "anna@example.com ssh-ed25519 AAAA\n",
        "trust/policy.yaml": "approvals: {default: 1}\n",
        "devices/\(FleetLayout.shard(of: gateway.id))/gw-1.yaml": """
        labels: {role: gateway, site: berlin}
        vars:
          contact: anna
        """,
        "groups/site=berlin.yaml": """
        vars:
          contact: berlin office
          city: Berlin
        """,
        "bundles/web/bundle.yaml": """
        match: role=gateway
        files:
          - source: files/site.conf
            path: /etc/nginx/site.conf
            template: true
        """,
        "bundles/web/files/site.conf": "server {{ upstream }}; # {{ device.id }} {{label.site}}\n",
    ]

    static let gateway = device("gw-1")

    static func device(_ id: String, labels: [String: String] = [:]) -> DeviceIdentity {
        guard let id = DeviceID(id), let agent = try? AgentVersion("1.0.0") else {
            fatalError("the test's device is wrong")
        }
        return DeviceIdentity(
            id: id, channel: "main", localLabels: labels, architecture: "x86_64", osID: "debian",
            osVersion: "12", agent: agent)
    }

    /// The fleet with some files put in place of its own, or removed where nil.
    static func tree(_ changes: [String: MemoryTree.Thing?] = [:]) -> MemoryTree {
        var things = things
        for (path, thing) in changes { things[path] = thing }
        return MemoryTree(things)
    }

    static func resolve(
        _ tree: MemoryTree, for device: DeviceIdentity = gateway
    ) throws(ResolutionError) -> ResolvedDevice {
        try Resolver(tree: tree, parse: YAML.parse).resolve(device)
    }

    static func lint(_ tree: MemoryTree) -> LintReport {
        Linter.lint(tree, parse: YAML.parse)
    }
}
