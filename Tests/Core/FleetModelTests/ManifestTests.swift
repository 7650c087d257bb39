import Documents
import FleetModel
import Testing
import YAMLDocument

@Suite struct ManifestTests {
    private func fleet(_ text: String) throws -> ManifestReading<FleetManifest> {
        FleetManifest.read(try YAML.parse(Array(text.utf8), file: "fleet.yaml"), file: "fleet.yaml")
    }

    private func bundle(_ text: String) throws -> ManifestReading<BundleManifest> {
        BundleManifest.read(try YAML.parse(Array(text.utf8), file: "b"), file: "b")
    }

    @Test("the fleet's manifest has a default for all but its format and its name")
    func fleetDefaults() throws {
        let manifest = try #require(try fleet("format: 1\nname: harbour\n").manifest)
        #expect(manifest == FleetManifest(name: "harbour"))
        #expect(manifest.topic == "flotilla/harbour")
        #expect(manifest.defaults == FileDefaults(mode: 0o644, owner: .root, drift: .heal))
        #expect(
            try fleet("{}").faults.map(\.message) == ["`format` is missing", "`name` is missing"])
    }

    @Test("every key of the fleet's manifest is read")
    func wholeFleet() throws {
        let reading = try fleet(
            """
            format: 1
            name: harbour
            topic: acme/harbour
            rollout: waves
            defaults: {mode: 0600, owner: root:adm, drift: report}
            vars: {port: 8080, greeting: "", text: "~"}
            labels: {local: {role: [kiosk, gateway, kiosk]}}
            """)
        #expect(reading.diagnostics.isEmpty)
        let manifest = try #require(reading.manifest)
        #expect(manifest.topic == "acme/harbour")
        #expect(manifest.rollout == .waves)
        #expect(manifest.defaults.owner.description == "root:adm")
        #expect(manifest.variables["port"]?.value == "8080")
        #expect(manifest.variables["greeting"]?.value == "")
        #expect(manifest.variables["text"]?.value == "~")
        #expect(manifest.localLabels == ["role": ["gateway", "kiosk"]])
    }

    @Test(
        "each fault of the fleet's manifest has its place",
        arguments: [
            ("name: Harbour", "3:7"), ("topic: a/+/b", "3:8"), ("topic: /a", "3:8"),
            ("rollout: wave", "3:10"), ("defaults: {mode: rw}", "3:18"),
            ("defaults: {drift: no}", "3:19"), ("labels: {local: {role: gateway}}", "3:24"),
            ("labels: {local: {role: []}}", "3:24"), ("labels: {local: {arch: [a]}}", "3:18"),
            ("vars: {a: [1]}", "3:11"), ("vars: [a]", "3:7"),
        ])
    func fleetFaults(line: String, place: String) throws {
        let head = line.hasPrefix("name") ? "format: 1\n\n" : "format: 1\nname: harbour\n"
        let reading = try fleet(head + line)
        #expect(reading.faults.map(\.place) == ["fleet.yaml:" + place])
        #expect(reading.manifest == nil)
    }

    @Test("how releases reach the devices is known, whatever else is wrong in the file")
    func rolloutAlone() throws {
        func mode(_ text: String) throws -> ManifestReading<RolloutMode> {
            FleetManifest.readRollout(try YAML.parse(Array(text.utf8), file: "f"), file: "f")
        }
        #expect(try mode("format: 1\nname: 7 7\nvars: [x]\nrollout: waves\n").manifest == .waves)
        #expect(try mode("format: 1\n").manifest == RolloutMode.none)
        #expect(try mode("rollout: waves\n").faults.map(\.message) == ["`format` is missing"])
        #expect(try mode("format: 1\nrollout: wave\n").faults.map(\.place) == ["f:2:10"])
        let newer = try mode("format: 2\nrollout: x\n")
        #expect(newer.manifest == nil && newer.faults.isEmpty && newer.unknown.count == 1)
    }

    @Test("unknown keys are kept apart from faults, with the key that was meant")
    func unknownKeys() throws {
        let reading = try bundle(
            "match: a=b\nfiles: [{source: a, path: /b, plaecment: link}]\nhealht: {}\n")
        #expect(reading.faults.isEmpty)
        #expect(reading.unknown.map(\.place) == ["b:2:31", "b:3:1"])
        #expect(
            reading.unknown.map(\.fix) == ["Did you mean `placement`?", "Did you mean `health`?"])
        #expect(reading.manifest != nil)
    }

    @Test(
        "each fault of a unit, a check or a health check has its place",
        arguments: [
            ("units: [{name: nginx}]", "2:16"), ("units: [{name: --force.service}]", "2:16"),
            ("units: [{name: a.service, state: up}]", "2:34"),
            ("units: [{name: a.service, enabled: maybe}]", "2:36"),
            ("units: [{name: a.service, restart-on: [etc]}]", "2:40"), ("units: [{}]", "2:9"),
            ("check: [{command: []}]", "2:19"), ("check: [{command: nginx -t}]", "2:19"),
            ("check: [{command: [./x]}]", "2:19"), ("check: [{timeout: 1s}]", "2:9"),
            ("check: [{command: [a], timeout: 1w}]", "2:33"),
            ("check: [{command: [a], timeout: 11m}]", "2:33"),
            ("check: [{command: [a, [b]]}]", "2:23"),
            ("health: {settle: 2d}", "2:18"), ("health: {interval: 1ms}", "2:20"),
            ("health: {settle: 5s, deadline: 5s}", "2:32"),
            ("health: {checks: [{name: a}]}", "2:19"),
            ("health: {checks: [{name: a, unit: a.service, command: [b]}]}", "2:19"),
            ("health: {checks: [{name: A, unit: a.service}]}", "2:26"),
            ("health: {checks: [{name: a, unit: a}]}", "2:35"),
            ("health: {checks: [{name: a, file: {path: etc}}]}", "2:42"),
            ("health: {checks: [{name: a, file: {path: /a, contains: ''}}]}", "2:56"),
            ("health: {checks: [{name: a, http: {url: 'ftp://a'}}]}", "2:41"),
            ("health: {checks: [{name: a, http: {url: 'http://u@a/'}}]}", "2:41"),
            ("health: {checks: [{name: a, http: {url: 'http://a', status: 99}}]}", "2:61"),
            ("health: {checks: [{name: a, tcp: {host: a, port: 0}}]}", "2:50"),
            ("health: {checks: [{name: a, tcp: {host: a}}]}", "2:34"),
            ("health: {checks: [{name: a, unit: a.timer}, {name: a, unit: b.timer}]}", "2:52"),
        ])
    func bundleFaults(line: String, place: String) throws {
        let reading = try bundle("match: ''\n\(line)\n")
        #expect(reading.diagnostics.map(\.place) == ["b:" + place])
        #expect(reading.manifest == nil)
    }

    @Test("a repository in a newer format is nothing that this version can judge")
    func newerFormat() throws {
        let reading = try fleet("format: 2\nname: [x]\nwings: true\n")
        #expect(reading.manifest == nil && reading.faults.isEmpty)
        #expect(reading.unknown.map(\.place) == ["fleet.yaml:1:9"])
    }
}
