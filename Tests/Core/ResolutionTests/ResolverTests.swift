import Digests
import Documents
import FleetModel
import Resolution
import TestSupport
import Testing

@Suite struct ResolverTests {
    @Test("a device gets the files of the bundles that match it, with its own values in templates")
    func resolvesTemplates() throws {
        let device = try Harbour.resolve(Harbour.tree())
        let text = Array("server 127.0.0.1:8080; # gw-1 berlin\n".utf8)
        #expect(device.contents == ["/etc/nginx/site.conf": .rendered(text)])
        #expect(
            device.state
                == DesiredState(
                    bundles: [BundlePolicy(name: "web", drift: .heal)],
                    files: [
                        DesiredFile(
                            path: "/etc/nginx/site.conf", bundle: "web",
                            content: SHA256.hash(text), size: text.count)
                    ]))
        #expect(device.fleet.name == "harbour")
        #expect(device.fleet.topic == "flotilla/harbour")
    }

    @Test("every label is told with its source; the device's file comes before the device's word")
    func labels() throws {
        let device = try Harbour.resolve(
            Harbour.tree(), for: Harbour.device("gw-1", labels: ["role": "kiosk"]))
        #expect(device.labels["role"] == "gateway")
        #expect(device.labels.byKey["role"]?.source == .deviceFile)
        #expect(device.labels.byKey["arch"] == Label("x86_64", from: .builtIn))
        #expect(
            device.labels.sorted.map(\.key) == [
                "agent.version", "arch", "channel", "device.id", "os.id", "os.version", "role",
                "site",
            ])
        let local = try Harbour.resolve(
            Harbour.tree(),
            for: Harbour.device("new-1", labels: ["role": "gateway", "site": "potsdam"]))
        #expect(local.labels.byKey["role"] == Label("gateway", from: .local))
        #expect(local.state.files.count == 1)
    }

    @Test(
        "a local label that the fleet does not allow is refused",
        arguments: [["role": "admin"], ["rack": "7"], ["arch": "arm64"]])
    func refusedLocalLabel(labels: [String: String]) {
        let error = #expect(throws: ResolutionError.self) {
            try Harbour.resolve(Harbour.tree(), for: Harbour.device("new-1", labels: labels))
        }
        #expect(error?.diagnostics.first?.place == "fleet.yaml")
        #expect(error?.description.contains("which the fleet does not allow") == true)
    }

    @Test("a device without a matching bundle gets an empty state")
    func nothing() throws {
        let device = try Harbour.resolve(Harbour.tree(), for: Harbour.device("new-1"))
        #expect(device.state == DesiredState())
    }

    @Test("the device's variables come before its groups', and those before the fleet's")
    func variables() throws {
        let tree = Harbour.tree([
            "bundles/web/files/site.conf": "{{ upstream }}|{{ contact }}|{{ city }}"
        ])
        #expect(
            try Harbour.resolve(tree).contents["/etc/nginx/site.conf"]
                == .rendered(Array("127.0.0.1:8080|anna|Berlin".utf8)))
        let other = Harbour.device("new-1", labels: ["role": "gateway", "site": "berlin"])
        #expect(
            try Harbour.resolve(tree, for: other).contents["/etc/nginx/site.conf"]
                == .rendered(Array("127.0.0.1:8080|berlin office|Berlin".utf8)))
    }

    @Test("two groups of one device that disagree are refused, unless the device itself decides")
    func groupsDisagree() throws {
        let tree = Harbour.tree([
            "groups/role=gateway.yaml": "vars:\n  contact: gateway team\n"
        ])
        #expect(throws: Never.self) { try Harbour.resolve(tree) }
        let other = Harbour.device("new-1", labels: ["role": "gateway", "site": "berlin"])
        let error = #expect(throws: ResolutionError.self) {
            try Harbour.resolve(tree, for: other)
        }
        #expect(error?.diagnostics.map(\.place) == ["groups/site=berlin.yaml:2:12"])
        #expect(error?.description.contains("groups/role=gateway.yaml:2:12") == true)
    }

    @Test("git's executable bit makes a program; a mode that is written wins")
    func modes() throws {
        let tree = Harbour.tree([
            "fleet.yaml":
                "format: 1\nname: harbour\ndefaults: {mode: 0640, owner: 'www:adm', drift: report}\n",
            Harbour.bundle: """
            match: role=gateway
            files:
              - {source: files/run, path: /usr/local/bin/a}
              - {source: files/run, path: /usr/local/bin/b, mode: "0700", owner: root}
              - {source: files/site.conf, path: /etc/c, placement: link}
            """,
            "bundles/web/files/run": .executable(Array("#!/bin/sh\n".utf8)),
        ])
        let files = try Harbour.resolve(tree).state.files
        #expect(files.map(\.path) == ["/etc/c", "/usr/local/bin/a", "/usr/local/bin/b"])
        #expect(files.map(\.mode) == [0o640, 0o750, 0o700])
        #expect(files.map(\.owner.description) == ["www:adm", "www:adm", "root:root"])
        #expect(files.map(\.placement) == [.link, .copy, .copy])
        #expect(
            try Harbour.resolve(tree).state.bundles == [BundlePolicy(name: "web", drift: .report)])
    }

    @Test("a directory with a source places the whole folder, and declares the folders in it")
    func directories() throws {
        let tree = Harbour.tree([
            Harbour.bundle: """
            match: role=gateway
            directories:
              - {path: /opt/app, source: app, mode: 0750, owner: app}
              - {path: /var/empty}
            """,
            "bundles/web/app/bin/start": .executable([1]),
            "bundles/web/app/readme": "hello",
        ])
        let state = try Harbour.resolve(tree).state
        #expect(state.files.map(\.path) == ["/opt/app/bin/start", "/opt/app/readme"])
        #expect(state.files.map(\.mode) == [0o755, 0o644])
        #expect(state.files.allSatisfy { $0.owner.description == "app:app" })
        #expect(state.directories.map(\.path) == ["/opt/app", "/opt/app/bin", "/var/empty"])
        #expect(state.directories.map(\.mode) == [0o750, 0o750, 0o755])
    }

    @Test("`when` takes an entry in or leaves it out")
    func when() throws {
        let tree = Harbour.tree([
            Harbour.bundle: """
            match: role=gateway
            files:
              - {source: files/b, path: /etc/x, when: site=berlin}
              - {source: files/p, path: /etc/x, when: site=potsdam}
            """,
            "bundles/web/files/b": "berlin", "bundles/web/files/p": "potsdam",
        ])
        #expect(
            try Harbour.resolve(tree).state.files.map(\.content) == [SHA256.hash("berlin".utf8)])
        #expect(Harbour.lint(tree).diagnostics(.error).isEmpty)
    }

    @Test("units, checks and the health gate of several bundles are joined; the longest times hold")
    func joins() throws {
        let tree = Harbour.tree([
            Harbour.bundle: """
            match: role=gateway
            units:
              - {name: nginx.service, enabled: true, state: running, reload-on: [/etc/nginx]}
            check:
              - {command: [nginx, -t, -c, "{{stage}}/etc/nginx/nginx.conf"], timeout: 20s}
            health:
              settle: 5s
              interval: 500ms
              checks:
                - {name: web, http: {url: "http://localhost/", status: 204}, timeout: 1s}
                - {name: port, tcp: {host: localhost, port: 80}}
            """,
            "bundles/all/bundle.yaml": """
            match: ""
            drift: ignore
            health:
              settle: 3s
              deadline: 90s
              checks:
                - {name: motd, file: {path: /etc/motd, contains: hello}}
                - {name: unit, unit: ssh.service}
                - {name: self, command: [/bin/true]}
            """,
        ])
        let state = try Harbour.resolve(tree).state
        #expect(state.bundles.map(\.name) == ["all", "web"])
        #expect(state.bundles.map(\.drift) == [.ignore, .heal])
        #expect(
            state.units == [
                DesiredUnit(
                    name: "nginx.service", bundle: "web", enabled: true, activity: .running,
                    reloadOn: ["/etc/nginx"])
            ])
        #expect(state.validators.map(\.timeout) == [.seconds(20)])
        #expect(state.health.settle == .seconds(5))
        #expect(state.health.interval == .milliseconds(500))
        #expect(state.health.deadline == .seconds(90))
        #expect(
            state.health.checks.map(\.id) == [
                "all/motd", "all/self", "all/unit", "web/port", "web/web",
            ])
        #expect(
            state.health.checks.last?.probe
                == .http(url: "http://localhost/", status: 204, contains: nil))
    }

    @Test("a bundle that is for others can't hurt a device, whatever stands in it")
    func othersBundles() throws {
        let tree = Harbour.tree([
            "bundles/kiosk/bundle.yaml": """
            match: role=kiosk
            needs: {agent: nonsense}
            files:
              - {source: ../../x, path: relative, from: the future}
            wings: true
            """
        ])
        #expect(try Harbour.resolve(tree).state.bundles.map(\.name) == ["web"])
        #expect(Harbour.lint(tree).diagnostics(.error).count == 5)
    }

    @Test("what an agent does not know in its own bundle makes it say that it is too old")
    func tooOld() throws {
        let unknownKey = Harbour.tree([Harbour.bundle: "match: role=gateway\nfirmware: {slot: a}\n"]
        )
        let unmet = Harbour.tree([
            Harbour.bundle: "match: role=gateway\nneeds: {agent: '>=1.4'}\nfiles: 7\n"
        ])
        for (tree, place) in [
            (unknownKey, "bundles/web/bundle.yaml:2:1"), (unmet, "bundles/web/bundle.yaml"),
        ] {
            let error = #expect(throws: ResolutionError.self) { try Harbour.resolve(tree) }
            guard case .needsAgent("web", let document) = error?.code else {
                Issue.record("\(error.map(String.init(describing:)) ?? "no error")")
                continue
            }
            #expect(document.diagnostics.first?.place == place)
            #expect(throws: Never.self) {
                try Harbour.resolve(tree, for: Harbour.device("new-1"))
            }
        }
        let format = Harbour.tree(["fleet.yaml": "format: 2\nfuture: true\n"])
        let error = #expect(throws: ResolutionError.self) { try Harbour.resolve(format) }
        guard case .needsAgent(nil, let document) = error?.code else {
            Issue.record("a newer format must ask for another agent")
            return
        }
        #expect(document.diagnostics.map(\.place) == ["fleet.yaml:1:9"])
    }

    @Test("keys that only a newer agent knows do no harm outside of bundles, and lint finds them")
    func unknownKeysElsewhere() throws {
        let shard = FleetLayout.shard(of: Harbour.gateway.id)
        let tree = Harbour.tree([
            "fleet.yaml": "format: 1\nname: harbour\nvars: {upstream: x}\nregoin: eu\n",
            "devices/\(shard)/gw-1.yaml": "labels: {role: gateway, site: berlin}\nmood: good\n",
        ])
        #expect(throws: Never.self) { try Harbour.resolve(tree) }
        #expect(
            Harbour.lint(tree).diagnostics(.error).map(\.place) == [
                "devices/\(shard)/gw-1.yaml:2:1", "fleet.yaml:4:1",
            ])
    }

    @Test("a damaged store is told as such")
    func damaged() throws {
        let tree = Harbour.tree(["bundles/web/files/site.conf": .damaged])
        let error = #expect(throws: ResolutionError.self) { try Harbour.resolve(tree) }
        guard case .unreadable(let cause) = error?.code else {
            Issue.record("expected an unreadable tree")
            return
        }
        #expect(cause.path == "bundles/web/files/site.conf")
        #expect(Harbour.lint(tree).hasErrors)
    }

    @Test("the outcome does not depend on the order in which anything is listed", arguments: 0..<20)
    func orderDoesNotMatter(seed: UInt64) throws {
        var things: [String: MemoryTree.Thing] = [
            "fleet.yaml": "format: 1\nname: harbour\nvars: {a: '1'}\nlabels: {local: {role: [x]}}\n"
        ]
        var generator = SeededGenerator(seed: seed)
        for name in ["a", "b", "B0", "c-1", "c.2"].map({ $0.lowercased() }) {
            let files = (0..<6).map { "  - {source: f\($0), path: /etc/\(name)/\($0)}" }
            let units = (0..<3).map { "  - {name: \(name)\($0).service, restart-on: [/b, /a]}" }
            things["bundles/\(name)/bundle.yaml"] = .file(
                Array(
                    ("match: ''\nfiles:\n"
                        + files.shuffled(using: &generator).joined(separator: "\n")
                        + "\nunits:\n" + units.shuffled(using: &generator).joined(separator: "\n"))
                        .utf8))
            for file in 0..<6 { things["bundles/\(name)/f\(file)"] = .file([UInt8(file)]) }
        }
        let device = Harbour.device("d-1", labels: ["role": "x"])
        let sorted = MemoryTree(things)
        var shuffled = sorted
        shuffled.order = { entries in
            var generator = SeededGenerator(seed: seed)
            return entries.shuffled(using: &generator)
        }
        let expected = try Harbour.resolve(sorted, for: device)
        #expect(try Harbour.resolve(shuffled, for: device) == expected)
        #expect(expected.state.digest == Self.digestOfOrderTest)
    }

    /// Of the canonical form of `orderDoesNotMatter`'s device: all its seeds must give the same.
    private static let digestOfOrderTest = ContentDigest(
        "bc6d9f8849bde7738dfc62a68df1a8ae074a5736011e34707dd98580708e24ff")
}
