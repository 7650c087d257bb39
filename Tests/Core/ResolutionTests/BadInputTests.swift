import Documents
import FleetModel
import Foundation
import Resolution
import Testing

/// One fault in an otherwise right fleet, and where it must be told.
struct BadInput: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var changes: [String: MemoryTree.Thing?]
    /// `file:line:column`, or the file alone where the whole of it is meant.
    var place: String
    /// A part of the message and, after the bar, of the fix.
    var message: String
    var fix = ""

    init(
        _ description: String, _ changes: [String: MemoryTree.Thing?], at place: String,
        _ message: String, fix: String = ""
    ) {
        testDescription = description
        self.changes = changes
        self.place = place
        self.message = message
        self.fix = fix
    }

    /// A fault in the text of the bundle's manifest.
    init(
        _ description: String, bundle: String, at place: String, _ message: String,
        fix: String = "", and changes: [String: MemoryTree.Thing?] = [:]
    ) {
        var changes = changes
        changes[Harbour.bundle] = .file(Array(bundle.utf8))
        self.init(
            description, changes, at: "\(Harbour.bundle):\(place)", message, fix: fix)
    }
}

/// Each of these is refused by lint and by the device alike, at the same place.
@Suite struct BadInputTests {
    private static let device = "devices/\(FleetLayout.shard(of: Harbour.gateway.id))/gw-1.yaml"
    private static let site = "bundles/web/files/site.conf"

    private static func entry(_ line: String) -> String {
        "match: role=gateway\nfiles:\n  - \(line)\n"
    }

    static let syntax: [BadInput] = [
        BadInput(
            "broken YAML in a bundle", bundle: "match: role=gateway\nfiles: [\n", at: "3:1", ""),
        BadInput(
            "broken YAML in the fleet's manifest", ["fleet.yaml": "format: 1\nname: 'x\n"],
            at: "fleet.yaml:2:7", "never closed"),
        BadInput("a missing fleet.yaml", ["fleet.yaml": nil], at: "fleet.yaml", "missing"),
        BadInput(
            "invalid UTF-8 in a manifest",
            [Harbour.bundle: .file(Array("match: role=gateway\ndrift: ".utf8) + [0xff, 0x0a])],
            at: "bundles/web/bundle.yaml:2:8", "UTF-8"),
        BadInput(
            "a manifest over the limit", [Harbour.bundle: .huge(Limits.yamlBytes + 1)],
            at: "bundles/web/bundle.yaml", "larger than 1048576 bytes"),
        BadInput(
            "a manifest that is a symbolic link", [Harbour.bundle: .link],
            at: "bundles/web/bundle.yaml", "a symbolic link"),
        BadInput(
            "a wrong type", bundle: "match: role=gateway\nfiles: everything\n", at: "2:8",
            "`files` must be a list"),
        BadInput(
            "a bundle that is a list", bundle: "- match\n", at: "1:1", "must be a mapping"),
        BadInput(
            "a bundle without match", bundle: "files: []\n", at: "1:1", "`match` is missing",
            fix: "match: \"\""),
        BadInput(
            "a label with a wrong value", [device: "labels: {role: [gateway]}"],
            at: "\(device):1:16", "must be a text"),
        BadInput(
            "a built-in label that is set", [device: "labels:\n  arch: arm64\n"],
            at: "\(device):2:3", "built in"),
        BadInput(
            "a variable with a wrong name", [device: "vars:\n  web-port: '80'\n"],
            at: "\(device):2:3", "not a name for a variable"),
        BadInput(
            "a variable without a value", ["groups/site=berlin.yaml": "vars:\n  city:\n"],
            at: "groups/site=berlin.yaml:2:8", "must be a text, and this is nothing"),
        BadInput(
            "a kind of rollout that is not there",
            ["fleet.yaml": "format: 1\nname: harbour\nrollout: rings\n"],
            at: "fleet.yaml:3:10", "`rollout` can't be `rings`", fix: "none, waves"),
        BadInput(
            "a selector that can't be parsed", bundle: "match: role=gateway site=berlin\n",
            at: "1:21", "`site`", fix: "commas"),
        BadInput(
            "a quoted selector that can't be parsed", bundle: "match: \"role in gateway\"\n",
            at: "1:17", "after `in` a list of values must follow"),
        BadInput(
            "a `when` that can't be parsed",
            bundle: entry("{source: files/site.conf, path: /etc/x, when: 'a=(b)'}"), at: "3:54",
            "a label value should stand"),
    ]

    static let paths: [BadInput] = [
        BadInput(
            "a source that climbs out",
            bundle: entry("{source: ../other/file, path: /etc/x}"), at: "3:14", "`..`"),
        BadInput(
            "a source that climbs later",
            bundle: entry("{source: files/../../x, path: /etc/x}"), at: "3:20", "`..`"),
        BadInput(
            "an absolute source", bundle: entry("{source: /etc/shadow, path: /etc/x}"), at: "3:14",
            "is absolute", fix: "relative to the bundle's folder"),
        BadInput(
            "a source in .git", bundle: entry("{source: files/.GIT/config, path: /etc/x}"),
            at: "3:14", "Git's own folder"),
        BadInput(
            "a relative path", bundle: entry("{source: files/site.conf, path: etc/x}"),
            at: "3:37", "not absolute"),
        BadInput(
            "a path with dots", bundle: entry("{source: files/site.conf, path: /etc/../x}"),
            at: "3:42", "`.` or `..`"),
        BadInput(
            "a path with dots behind a combining character",
            bundle: entry("{source: files/site.conf, path: \"/etc/\u{301}/../x\"}"),
            at: "3:46", "`.` or `..`"),
        BadInput(
            "a path with a double slash", bundle: entry("{source: files/site.conf, path: /etc//x}"),
            at: "3:42", "empty name"),
        BadInput(
            "the root", bundle: entry("{source: files/site.conf, path: /}"), at: "3:37",
            "`/` itself"),
        BadInput(
            "the agent's own trust",
            bundle: entry("{source: files/site.conf, path: /etc/flotilla/anchor}"), at: "3:37",
            "belongs to the system or to the agent"),
        BadInput(
            "the kernel's files", bundle: entry("{source: files/site.conf, path: /proc/x}"),
            at: "3:37", "belongs to the system"),
        BadInput(
            "a file where the agent's folder is",
            bundle: entry("{source: files/site.conf, path: /var/lib}"), at: "3:37",
            "lies below it"),
        BadInput(
            "a source that is not there", bundle: entry("{source: files/sit.conf, path: /etc/x}"),
            at: "3:14", "does not exist"),
        BadInput(
            "a source that is a link", bundle: entry("{source: files/link, path: /etc/x}"),
            at: "3:14", "`bundles/web/files/link` is a symbolic link",
            and: ["bundles/web/files/link": .link]),
        BadInput(
            "a source below a linked folder",
            bundle: entry("{source: link/passwd, path: /etc/x}"), at: "3:14",
            "`bundles/web/link` is a symbolic link", and: ["bundles/web/link": .link]),
        BadInput(
            "a source in a submodule", bundle: entry("{source: sub/x, path: /etc/x}"), at: "3:14",
            "`bundles/web/sub` is a submodule", and: ["bundles/web/sub": .submodule]),
        BadInput(
            "a source that is a folder", bundle: entry("{source: files, path: /etc/x}"), at: "3:14",
            "is a folder and not a file", fix: "directories"),
        BadInput(
            "a link inside a placed folder",
            bundle: "match: role=gateway\ndirectories:\n  - {path: /opt/app, source: app}\n",
            at: "3:30", "`bundles/web/app/deep/out` is a symbolic link",
            and: ["bundles/web/app/deep/out": .link]),
        BadInput(
            "dot-git inside a placed folder",
            bundle: "match: role=gateway\ndirectories:\n  - {path: /opt/app, source: app}\n",
            at: "3:30", "Git's own folder", and: ["bundles/web/app/.git/config": "x"]),
        BadInput(
            "a placed folder that is a file",
            bundle:
                "match: role=gateway\ndirectories:\n  - {path: /opt/app, source: files/site.conf}\n",
            at: "3:30", "is a file and not a folder"),
    ]

    static let contents: [BadInput] = [
        BadInput(
            "a file over the limit", bundle: entry("{source: files/big, path: /etc/x}"),
            at: "3:14", "larger than 67108864 bytes",
            and: ["bundles/web/files/big": .huge(Limits.fileBytes + 1)]),
        BadInput(
            "a template over the limit",
            bundle: entry("{source: files/big, path: /etc/x, template: true}"), at: "3:14",
            "larger than 1048576 bytes",
            and: ["bundles/web/files/big": .huge(Limits.templateBytes + 1)]),
        BadInput(
            "a binary as a template", [site: .file([0x61, 0x0a, 0x62, 0x00])], at: "\(site):2:2",
            "NUL", fix: "template: true"),
        BadInput(
            "invalid UTF-8 as a template", [site: .file([0xc3, 0xa4, 0x0a, 0x62, 0xc3, 0x28])],
            at: "\(site):2:2", "UTF-8"),
        BadInput(
            "an unknown variable", [site: "a\nb {{ upstraem }}\n"], at: "\(site):2:3",
            "`upstraem`", fix: "Did you mean `upstream`?"),
        BadInput(
            "an unknown label", [site: "{{ label.rack }}"], at: "\(site):1:1", "`label.rack`",
            fix: "label"),
        BadInput(
            "logic in a template", [site: "x {{#if upstream}}"], at: "\(site):1:3", "no logic"),
        BadInput(
            "an open template", [site: "x\ny\n{{ upstream\n}}"], at: "\(site):3:1",
            "no `}}` on its line"),
        BadInput(
            "a template that grows over the limit",
            [
                site: .file(Array(String(repeating: "{{upstream}}", count: 1000).utf8)),
                device:
                    .file(
                        Array(
                            "labels: {role: gateway, site: berlin}\nvars: {upstream: \(String(repeating: "x", count: 2000))}"
                                .utf8)),
            ], at: site, "becomes larger"),
    ]

    static let conflicts: [BadInput] = [
        BadInput(
            "a bundle with a wrong name", ["bundles/Web 2/bundle.yaml": "match: ''\n"],
            at: "bundles/Web 2", "not a bundle's folder"),
        BadInput(
            "two bundles with one path",
            [
                "bundles/zeta/bundle.yaml":
                    "match: site=berlin\nfiles: [{source: f, path: /etc/nginx/site.conf}]\n",
                "bundles/zeta/f": "x",
            ], at: "bundles/zeta/bundle.yaml:2:27",
            "the bundles `web` and `zeta` both claim `/etc/nginx/site.conf`, the first at bundles/web/bundle.yaml:4:11"
        ),
        BadInput(
            "one bundle with one path twice",
            bundle:
                "match: role=gateway\nfiles:\n  - {source: files/site.conf, path: /a}\n  - {source: files/site.conf, path: /a}\n",
            at: "4:37", "claims `/a` twice, first at bundles/web/bundle.yaml:3:37"),
        BadInput(
            "a file below another bundle's file",
            [
                "bundles/zeta/bundle.yaml":
                    "match: ''\nfiles: [{source: f, path: /etc/nginx/site.conf/x}]\n",
                "bundles/zeta/f": "x",
            ], at: "bundles/zeta/bundle.yaml:2:27",
            "`/etc/nginx/site.conf` is a file of the bundle `web`"),
        BadInput(
            "a directory where a file is",
            [
                "bundles/zeta/bundle.yaml":
                    "match: ''\ndirectories: [{path: /etc/nginx/site.conf}]\n"
            ], at: "bundles/zeta/bundle.yaml:2:22", "both claim `/etc/nginx/site.conf`"),
        BadInput(
            "two bundles with one unit",
            [
                Harbour.bundle: "match: role=gateway\nunits: [{name: a.service}]\n",
                "bundles/zeta/bundle.yaml": "match: ''\nunits: [{name: a.service}]\n",
            ], at: "bundles/zeta/bundle.yaml:2:16",
            "the bundles `web` and `zeta` both claim `a.service`"),
        BadInput(
            "a gate that can't be met by two bundles together",
            [
                Harbour.bundle: "match: role=gateway\nhealth: {settle: 60s}\n",
                "bundles/zeta/bundle.yaml": "match: ''\nhealth: {deadline: 50s}\n",
            ], at: "bundles/web/bundle.yaml:2:9", "hold for 1m within 50s"),
    ]

    @Test("lint and the device refuse it at the same place", arguments: syntax + paths)
    func refusedTextually(input: BadInput) { check(input) }

    @Test("lint and the device refuse it at the same place", arguments: contents + conflicts)
    func refusedInside(input: BadInput) { check(input) }

    private func check(_ input: BadInput) {
        let tree = Harbour.tree(input.changes)
        let error = #expect(throws: ResolutionError.self) { try Harbour.resolve(tree) }
        for (who, diagnostics) in [
            ("device", error?.diagnostics ?? []), ("lint", Harbour.lint(tree).diagnostics(.error)),
        ] {
            let found = diagnostics.first { $0.place == input.place }
            #expect(found != nil, "\(who) said: \(diagnostics)")
            guard let found else { continue }
            #expect(input.message.isEmpty || found.message.contains(input.message), "\(who)")
            #expect(input.fix.isEmpty || found.fix.contains(input.fix), "\(who)")
            #expect(!found.fix.isEmpty)
        }
    }

    @Test("all faults of all matching bundles are told at once")
    func allAtOnce() throws {
        let tree = Harbour.tree([
            Harbour.bundle: """
            match: role=gateway
            drift: never
            files:
              - {source: /a, path: b, mode: 9}
            units:
              - {name: web}
            """,
            "bundles/zeta/bundle.yaml": "match: ''\nfiles: [{source: nowhere, path: /x}]\n",
        ])
        let error = #expect(throws: ResolutionError.self) { try Harbour.resolve(tree) }
        #expect(
            error?.diagnostics.map(\.place) == [
                "bundles/web/bundle.yaml:2:8", "bundles/web/bundle.yaml:4:14",
                "bundles/web/bundle.yaml:4:24", "bundles/web/bundle.yaml:4:33",
                "bundles/web/bundle.yaml:6:12", "bundles/zeta/bundle.yaml:2:18",
            ])
    }

    @Test("100,000 files are too many, and so is a tree without end")
    func tooMany() throws {
        var tree = Harbour.tree([
            Harbour.bundle: """
            match: role=gateway
            directories:
              - path: /opt/app
                source: app
            """
        ])
        tree.crowd("bundles/web/app", with: 100_000)
        let error = #expect(throws: ResolutionError.self) { try Harbour.resolve(tree) }
        guard case .tooMany(let diagnostic) = error?.code else {
            Issue.record("\(error.map(String.init(describing:)) ?? "no error")")
            return
        }
        #expect(diagnostic.place == "bundles/web/bundle.yaml:4:13")
        #expect(diagnostic.message == "this makes more than 20000 files for one device")
        #expect(Harbour.lint(tree).diagnostics(.error).contains(diagnostic))

        tree.crowd("bundles/web/app", with: Limits.treeEntries)
        let endless = #expect(throws: ResolutionError.self) { try Harbour.resolve(tree) }
        guard case .tooMany(let entries) = endless?.code else {
            Issue.record("expected too many")
            return
        }
        #expect(entries.message == "the fleet repository has more than 200000 entries")
    }

    @Test("folders below folders come to an end")
    func tooDeep() throws {
        let deep = Array(repeating: "d", count: 40).joined(separator: "/")
        let tree = Harbour.tree([
            Harbour.bundle: "match: role=gateway\ndirectories: [{path: /opt, source: app}]\n",
            "bundles/web/app/\(deep)/f": "x",
        ])
        let error = #expect(throws: ResolutionError.self) { try Harbour.resolve(tree) }
        #expect(error?.diagnostics.first?.place == "bundles/web/bundle.yaml:2:36")
        #expect(error?.description.contains("32 levels deep") == true)
    }
}
