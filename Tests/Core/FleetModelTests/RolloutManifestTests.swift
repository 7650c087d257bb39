import Documents
import FleetModel
import Testing
import YAMLDocument

@Suite struct RolloutManifestTests {
    private func rollout(_ text: String) throws -> ManifestReading<RolloutManifest> {
        RolloutManifest.read(
            try YAML.parse(Array(text.utf8), file: "rollout.yaml"), file: "rollout.yaml")
    }

    @Test("every key of a rollout is read")
    func whole() throws {
        let reading = try rollout(
            """
            format: 1
            waves:
              - name: canary
                match: "ring=canary"
                limit: 1
                soak: 10s
                success: 90%
              - name: half
                limit: 50%
            stop: {failures: 5%}
            silentAfter: 20m
            spread: 30s
            onNewer: replace
            """)
        #expect(reading.diagnostics.isEmpty)
        let manifest = try #require(reading.manifest)
        #expect(
            manifest
                == RolloutManifest(
                    waves: [
                        RolloutManifest.Wave(
                            name: "canary", namePosition: SourcePosition(line: 3, column: 11),
                            match: try Selector("ring=canary"), limit: .count(1),
                            soak: .seconds(10), success: 90),
                        RolloutManifest.Wave(
                            name: "half", namePosition: SourcePosition(line: 8, column: 11),
                            limit: .percent(50)),
                    ], stopFailures: .percent(5), silentAfter: .seconds(1_200),
                    spread: .seconds(30), onNewer: .replace))
        #expect(manifest.allWaves.map(\.name) == ["canary", "half", "everything"])
    }

    @Test("a rollout says no more than its format: one failure stops it, and all come at once")
    func defaults() throws {
        let manifest = try #require(try rollout("format: 1\n").manifest)
        #expect(manifest == RolloutManifest())
        #expect(manifest.stopFailures == .count(1))
        #expect(manifest.onNewer == .queue)
        #expect(manifest.allWaves.map(\.limit) == [nil])
        #expect(try rollout("{}").faults.map(\.message) == ["`format` is missing"])
    }

    @Test(
        "each fault of a rollout has its place",
        arguments: [
            ("waves: half", "2:8"), ("waves: [{limit: 1}]", "2:9"),
            ("waves: [{name: Half}]", "2:16"),
            ("waves: [{name: everything}]", "2:16"),
            ("waves: [{name: a, limit: 0}]", "2:26"), ("waves: [{name: a, limit: 0%}]", "2:26"),
            ("waves: [{name: a, limit: 101%}]", "2:26"), ("waves: [{name: a, limit: -1}]", "2:26"),
            ("waves: [{name: a, limit: '5 %'}]", "2:26"),
            ("waves: [{name: a, limit: 99999999999999999999}]", "2:26"),
            ("waves: [{name: a, success: 95}]", "2:28"),
            ("waves: [{name: a, success: 0%}]", "2:28"),
            ("waves: [{name: a, soak: 31d}]", "2:25"), ("waves: [{name: a, match: 'b=('}]", "2:29"),
            ("waves: [{name: a}, {name: b}, {name: a}]", "2:38"),
            ("stop: {failures: none}", "2:18"), ("stop: {}", "2:7"), ("stop: [1]", "2:7"),
            ("silentAfter: 0s", "2:14"), ("spread: 15m", "2:9"), ("onNewer: wait", "2:10"),
        ])
    func faults(line: String, place: String) throws {
        let reading = try rollout("format: 1\n\(line)\n")
        #expect(reading.diagnostics.map(\.place) == ["rollout.yaml:" + place])
        #expect(reading.diagnostics.allSatisfy { !$0.fix.isEmpty })
        #expect(reading.manifest == nil)
    }

    @Test("more waves than an order can carry are refused")
    func tooMany() throws {
        let waves = (0...Limits.waves).map { "  - name: wave-\($0)\n    limit: \($0 + 1)\n" }
        let reading = try rollout("format: 1\nwaves:\n" + waves.joined())
        #expect(reading.faults.map(\.place) == ["rollout.yaml:3:3"])
    }

    @Test("selectors that an order can't carry are refused")
    func longSelectors() throws {
        let values = (0..<200).map { "value-\($0)" }.joined(separator: ", ")
        let waves = (0..<10).map { "  - {name: wave-\($0), match: 'a\($0) in (\(values))'}\n" }
        #expect(try rollout("format: 1\nwaves:\n" + waves.prefix(5).joined()).faults.isEmpty)
        let reading = try rollout("format: 1\nwaves:\n" + waves.joined())
        #expect(reading.faults.map(\.place) == ["rollout.yaml:3:3"])
    }

    @Test("unknown keys are kept apart from faults, and a newer format can't be judged")
    func unknown() throws {
        let reading = try rollout(
            "format: 1\nwaves: [{name: a, matches: x}]\nstop: {failures: 1, fails: 2}\nonNewr: x\n")
        #expect(reading.faults.isEmpty)
        #expect(
            reading.unknown.map(\.place) == [
                "rollout.yaml:2:19", "rollout.yaml:3:21", "rollout.yaml:4:1",
            ])
        #expect(reading.manifest != nil)
        let newer = try rollout("format: 2\nwaves: 3\n")
        #expect(newer.manifest == nil && newer.faults.isEmpty)
        #expect(newer.unknown.map(\.place) == ["rollout.yaml:1:9"])
    }

    @Test("a share of devices is rounded up, so that it never means nobody")
    func amounts() throws {
        #expect(try RolloutAmount("10%").devices(of: 1) == 1)
        #expect(try RolloutAmount("10%").devices(of: 11) == 2)
        #expect(try RolloutAmount("100%").devices(of: 7) == 7)
        #expect(try RolloutAmount("10%").devices(of: 0) == 0)
        #expect(try RolloutAmount("5").devices(of: 3) == 3)
        #expect(try RolloutAmount("5").devices(of: 30) == 5)
    }

    @Test("a wave is covered by an earlier one that lets in all that it could")
    func covered() throws {
        func covering(_ waves: String) throws -> String? {
            let reading = try rollout("format: 1\nwaves: [\(waves)]\n")
            let manifest = try #require(reading.manifest, "\(reading.faults)")
            return manifest.waveThatCovers(manifest.waves.count - 1)?.name
        }
        #expect(try covering("{name: a}, {name: b, match: x=y}") == "a")
        #expect(try covering("{name: a, limit: 100%}, {name: b}") == "a")
        #expect(try covering("{name: a, match: x=y}, {name: b, match: x=y, limit: 1}") == "a")
        #expect(try covering("{name: a, limit: 5}, {name: b, limit: 5}") == "a")
        #expect(try covering("{name: a, limit: 50%}, {name: b, limit: 10%}") == "a")
        #expect(try covering("{name: a, limit: 5}, {name: b, limit: 6}") == nil)
        #expect(try covering("{name: a, limit: 5}, {name: b, limit: 10%}") == nil)
        #expect(try covering("{name: a, match: x=y}, {name: b}") == nil)
        #expect(try covering("{name: a, limit: 5}, {name: b, match: x=y, limit: 5}") == nil)
        #expect(try covering("{name: a}") == nil)
    }
}
