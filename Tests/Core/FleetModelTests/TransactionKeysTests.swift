import Digests
import Documents
import FleetModel
import Testing
import YAMLDocument

/// The keys of a bundle that say how its paths, units and checks are moved.
@Suite struct TransactionKeysTests {
    private func bundle(_ text: String) throws -> ManifestReading<BundleManifest> {
        BundleManifest.read(try YAML.parse(Array(text.utf8), file: "b"), file: "b")
    }

    @Test("every key of links, owned directories, hooks and the gate is read")
    func wholeBundle() throws {
        let reading = try bundle(
            """
            match: ""
            mode: observe
            reboot-on: [/boot]
            network: false
            files:
              - {source: a, path: /etc/a, create: once, drift: report, attributes: {user.note: hi}}
            links: [{path: /etc/l, target: ../a, drift: ignore}]
            directories: [{path: /etc/d, owned: true}]
            units: [{name: b.service, after: [a.service], drift: heal}]
            hooks:
              - {name: drain, moment: before, command: [drain], on: [/etc/d], timeout: 5s}
              - {name: warm, moment: after, command: [/bin/warm]}
            check: [{command: [nginx, -t], view: place}]
            health:
              gate: all
              wayHome: 3m
              checks:
                - {name: room, disk: {path: /, free: 64MiB}, retries: 2}
                - {name: heap, memory: {available: 1024}}
            """)
        #expect(reading.diagnostics.isEmpty)
        let manifest = try #require(reading.manifest)
        #expect(manifest.mode == .observe && manifest.network == false)
        #expect(manifest.rebootOn.map(\.text) == ["/boot"])
        #expect(manifest.files.first?.create == .once)
        #expect(manifest.files.first?.drift == .report)
        #expect(manifest.files.first?.attributes == ["user.note": "hi"])
        #expect(manifest.links.first?.target == "../a")
        #expect(manifest.links.first?.drift == .ignore)
        #expect(manifest.directories.first?.isOwned == true)
        #expect(manifest.units.first?.after == ["a.service"])
        #expect(manifest.hooks.map(\.moment) == [.before, .after])
        #expect(manifest.hooks.first?.on.map(\.text) == ["/etc/d"])
        #expect(manifest.validators.first?.view == .place)
        #expect(manifest.health?.scope == .all)
        #expect(manifest.health?.wayHome == .seconds(180))
        #expect(
            manifest.health?.checks.map(\.probe) == [
                .disk(path: "/", free: 64 << 20), .memory(available: 1_024),
            ])
        #expect(manifest.health?.checks.map(\.retries) == [2, nil])
    }

    @Test("what is said of none of them is the default")
    func defaults() throws {
        let manifest = try #require(
            try bundle("match: ''\nfiles: [{source: a, path: /a}]\n").manifest)
        #expect(manifest.mode == .apply && manifest.network == nil && manifest.rebootOn.isEmpty)
        #expect(manifest.files.first?.create == .always)
        #expect(manifest.links.isEmpty && manifest.hooks.isEmpty)
    }

    @Test(
        "each fault of these keys has its place",
        arguments: [
            ("mode: look", "2:7"), ("reboot-on: [boot]", "2:13"), ("network: maybe", "2:10"),
            ("links: [{path: /l, target: ''}]", "2:28"), ("links: [{path: /l}]", "2:9"),
            ("links: [{path: /etc/flotilla/x, target: a}]", "2:16"),
            ("directories: [{path: /d, owned: yes}]", "2:33"),
            ("directories: [{path: /etc, owned: true}]", "2:22"),
            ("units: [{name: b.service, after: [a]}]", "2:35"),
            ("hooks: [{name: h, moment: between, command: [x]}]", "2:27"),
            ("hooks: [{name: H, moment: after, command: [x]}]", "2:16"),
            ("hooks: [{name: h, moment: after, command: [./x]}]", "2:43"),
            ("files: [{source: a, path: /a, attributes: {security.ima: x}}]", "2:44"),
            ("files: [{source: a, path: /a, placement: link, create: once}]", "2:9"),
            ("health: {checks: [{name: d, disk: {path: /, free: 10%}}]}", "2:51"),
            ("health: {checks: [{name: d, memory: {}}]}", "2:37"),
            ("health: {gate: some}", "2:16"),
        ])
    func faults(line: String, place: String) throws {
        let reading = try bundle("match: ''\n" + line)
        #expect(reading.faults.map(\.place) == ["b:" + place])
    }

    @Test("two hooks of one bundle can't have one name")
    func hookNames() throws {
        let hook = "{name: h, moment: after, command: [x]}"
        let reading = try bundle("match: ''\nhooks: [\(hook), \(hook)]")
        #expect(reading.faults.count == 1)
    }

    @Test("what says nothing new has the digest that it always had")
    func stableForm() {
        let state = DesiredState(
            bundles: [BundlePolicy(name: "b")],
            files: [DesiredFile(path: "/a", bundle: "b", content: SHA256.hash([UInt8]()), size: 0)],
            directories: [DesiredDirectory(path: "/d", bundle: "b")],
            units: [DesiredUnit(name: "u.service", bundle: "b")],
            validators: [DesiredValidator(bundle: "b", command: ["x"])])
        let form = state.canonicalForm
        for word in [
            "mode\":\"apply", "create", "attributes", "links", "hooks", "owned", "after", "view",
            "gate", "wayHome", "retries", "reboot-on", "network",
        ] { #expect(!form.contains(word)) }
    }

    @Test("a bundle that is only observed is part of the digest and of nothing that is applied")
    func observed() {
        let state = DesiredState(
            bundles: [BundlePolicy(name: "a"), BundlePolicy(name: "o", mode: .observe)],
            links: [
                DesiredLink(path: "/a", bundle: "a", target: "x"),
                DesiredLink(path: "/o", bundle: "o", target: "x"),
            ],
            units: [DesiredUnit(name: "o.service", bundle: "o")],
            hooks: [DesiredHook(name: "h", bundle: "o", moment: .after, command: ["x"])],
            validators: [DesiredValidator(bundle: "o", command: ["x"])],
            health: HealthGate(checks: [
                HealthCheck(name: "c", bundle: "o", probe: .unit("o.service"))
            ]))
        #expect(state.applied.links.map(\.path) == ["/a"])
        #expect(state.applied.units.isEmpty && state.applied.hooks.isEmpty)
        #expect(state.applied.validators.isEmpty && state.applied.health.checks.isEmpty)
        #expect(state.observed.links.map(\.path) == ["/o"])
        #expect(state.digest != state.applied.digest)
        #expect(state.applied.applied == state.applied)
    }

    @Test(
        "amounts of bytes are whole numbers with a binary unit",
        arguments: [
            ("0", 0), ("1024", 1_024), ("512KiB", 512 << 10), ("64MiB", 64 << 20),
            ("2GiB", 2 << 30),
        ] as [(String, Int64)])
    func byteCounts(text: String, count: Int64) throws {
        #expect(try ByteCount.parse(text) == count)
    }

    @Test(
        "what is no amount of bytes is refused",
        arguments: ["", "MiB", "-1", "1.5GiB", "10%", "64MB", "9999999999999999TiB", "٣"])
    func noByteCounts(text: String) {
        #expect(throws: TextFault.self) { try ByteCount.parse(text) }
    }
}
