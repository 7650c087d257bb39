import Demo
import FleetModel
import Testing

/// A release that is signed as it should be and can't be right, and where the device must say so.
struct BadRelease: CustomTestStringConvertible, Sendable {
    var testDescription: String
    /// What it brings. The workbench makes trees that no editor would.
    var changes: @Sendable (Workbench) throws -> [String: Workbench.Change]
    /// What the reason must contain: `file:line:column` where there is a line.
    var place: String

    init(
        _ description: String, at place: String,
        _ changes: @escaping @Sendable (Workbench) throws -> [String: Workbench.Change]
    ) {
        testDescription = description
        self.place = place
        self.changes = changes
    }

    /// One that differs in its bundle's manifest.
    init(
        _ description: String, at place: String, bundle: String,
        and more: [String: Workbench.Change] = [:]
    ) {
        self.init(description, at: "\(SmallFleet.bundle):\(place)") { _ in
            more.merging([SmallFleet.bundle: .text(bundle)]) { own, _ in own }
        }
    }

    private static func entry(_ line: String) -> String {
        "match: \"\"\nfiles:\n  - \(line)\n"
    }

    private static let site = "bundles/web/files/site.conf"

    static let texts = [
        BadRelease(
            "broken YAML", at: "3:1", bundle: "match: \"\"\nfiles: [\n"),
        BadRelease(
            "a wrong type", at: "2:8", bundle: "match: \"\"\nfiles: everything\n"),
        BadRelease(
            "an unknown key", at: "2:1", bundle: "match: \"\"\nfile: []\n"),
        BadRelease(
            "a selector that can't be parsed", at: "1:17", bundle: "match: \"role in gateway\"\n"),
        BadRelease(
            "a source that climbs out", at: "3:14",
            bundle: entry("{source: ../../fleet.yaml, path: /etc/x}")),
        BadRelease(
            "an absolute source", at: "3:14", bundle: entry("{source: /etc/shadow, path: /etc/x}")),
        BadRelease(
            "a source in Git's folder", at: "3:14",
            bundle: entry("{source: files/.git/config, path: /etc/x}")),
        BadRelease(
            "a path that climbs", at: "3:42",
            bundle: entry("{source: files/site.conf, path: /etc/../x}")),
        BadRelease(
            "a path of the agent's own", at: "3:37",
            bundle: entry("{source: files/site.conf, path: /etc/flotilla/anchor}")),
        BadRelease(
            "a file in a link that leads out", at: "3:14",
            bundle: entry("{source: out/passwd, path: /etc/x}"),
            and: ["bundles/web/out": .link(to: "/etc")]),
        BadRelease(
            "a source that is a link", at: "3:14",
            bundle: entry("{source: files/link, path: /etc/x}"),
            and: ["bundles/web/files/link": .link(to: "/etc/passwd")]),
        BadRelease(
            "a source in a submodule", at: "3:14", bundle: entry("{source: sub/x, path: /etc/x}"),
            and: ["bundles/web/sub": .submodule]),
        BadRelease("invalid UTF-8 in the fleet's manifest", at: "fleet.yaml:2:7") { _ in
            ["fleet.yaml": .file(Array("format: 1\nname: ".utf8) + [0xff, 0x0a])]
        },
        BadRelease("no fleet's manifest", at: "fleet.yaml") { _ in ["fleet.yaml": .removed] },
        BadRelease("a fleet of another name", at: "wrongFleet") { _ in
            ["fleet.yaml": .text("format: 1\nname: other\nvars: {port: \"80\"}\n")]
        },
        BadRelease("a binary as a template", at: "\(site):2:1") { _ in
            [site: .file(Array("a\n".utf8) + [0x00, 0x01])]
        },
        BadRelease("an unknown variable", at: "\(site):2:3") { _ in
            [site: .text("a\nb {{ prot }}\n")]
        },
        BadRelease("two bundles with one path", at: "bundles/zeta/bundle.yaml:2:27") { _ in
            [
                "bundles/zeta/bundle.yaml":
                    .text("match: \"\"\nfiles: [{source: f, path: /etc/site.conf}]\n    "),
                "bundles/zeta/f": .text("x"),
            ]
        },
        BadRelease("an owner that the device does not know", at: "/etc/x (bundle web)") { _ in
            [
                SmallFleet.bundle:
                    .text(entry("{source: files/tool, path: /etc/x, owner: nobody-at-all}"))
            ]
        },
        BadRelease("a validator that does not hold", at: "validator") { _ in
            [
                SmallFleet.bundle:
                    .text(
                        entry("{source: files/tool, path: /etc/x}")
                            + "check:\n  - command: [/bin/sh, -c, \"echo no; exit 1\"]\n")
            ]
        },
    ]

    /// What only a program makes.
    static let large = [
        BadRelease("a file over the limit", at: "\(SmallFleet.bundle):3:14") { _ in
            [
                SmallFleet.bundle: .text(entry("{source: files/big, path: /etc/x}")),
                "bundles/web/files/big":
                    .file([UInt8](repeating: 0x61, count: Limits.fileBytes + 1)),
            ]
        },
        BadRelease("100,000 files", at: "\(SmallFleet.bundle):3:32") { bench in
            let blob = try bench.blob(Array("x\n".utf8))
            let crowd = try bench.tree((0..<100_000).map { "100644 blob \(blob)\t\($0)" })
            return [
                SmallFleet.bundle:
                    .text("match: \"\"\ndirectories:\n  - {path: /srv/crowd, source: crowd}\n"),
                "bundles/web/crowd": .folder(crowd),
            ]
        },
    ]
}
