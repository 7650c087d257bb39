import Documents
import FleetModel
import Resolution
import Testing
import YAMLDocument

/// `rollout.yaml` in a fleet that rolls out in waves.
@Suite struct RolloutLintTests {
    private static let waves: MemoryTree.Thing = """
        format: 1
        name: harbour
        rollout: waves
        vars: {upstream: x}
        labels: {local: {site: [berlin, potsdam]}}
        """

    private func tree(_ rollout: MemoryTree.Thing?, fleet: MemoryTree.Thing? = waves) -> MemoryTree
    {
        Harbour.tree(["fleet.yaml": fleet, "rollout.yaml": rollout])
    }

    private func report(_ rollout: String) -> LintReport {
        Harbour.lint(tree(.file(Array("format: 1\nwaves:\n\(rollout)".utf8))))
    }

    @Test("waves that are right have no findings")
    func clean() {
        let report = report(
            """
              - {name: canary, match: "role=gateway", limit: 1}
              - {name: berlin, match: "site in (berlin, hamburg), arch=arm64"}
              - {name: half, limit: 50%}
            """)
        #expect(report.findings.isEmpty, "\(report.findings)")
    }

    @Test("a fleet that rolls out in waves needs the file, and one without waves does not")
    func missing() {
        #expect(
            Harbour.lint(tree(nil)).diagnostics(.error).map(\.place) == ["rollout.yaml"])
        let report = Harbour.lint(Harbour.tree())
        #expect(report.findings.isEmpty)
    }

    @Test("the file is checked in a fleet without waves as well")
    func unused() {
        let report = Harbour.lint(Harbour.tree(["rollout.yaml": "format: 1\nwaves: [{}]\n"]))
        #expect(report.diagnostics(.error).map(\.place) == ["rollout.yaml:2:9"])
        #expect(Harbour.lint(Harbour.tree(["rollout.yaml": "format: 1\n"])).findings.isEmpty)
    }

    @Test("faults and unknown keys are errors at their places")
    func faults() {
        let report = report("  - {name: a, limit: 200%}\n  - {name: b, soack: 1s}\n")
        #expect(
            report.diagnostics(.error).map(\.place) == ["rollout.yaml:3:22", "rollout.yaml:4:15"])
        #expect(report.diagnostics(.error).map(\.fix).last == "Did you mean `soak`?")
        #expect(
            Harbour.lint(tree("format: 1\nwaves: [")).diagnostics(.error).map(\.file)
                == ["rollout.yaml"])
        #expect(Harbour.lint(tree(.link)).diagnostics(.error).map(\.file) == ["rollout.yaml"])
    }

    @Test("a wave that can never have a device of its own is a warning")
    func covered() {
        let report = report("  - {name: all}\n  - {name: half, limit: 50%}\n")
        #expect(report.diagnostics(.error).isEmpty)
        #expect(report.diagnostics(.warning).map(\.place) == ["rollout.yaml:4:12"])
        #expect(report.diagnostics(.warning).first?.message.contains("`all`") == true)
    }

    @Test("a wave for a label that nobody has would be passed unseen: a warning")
    func empty() {
        let report = report(
            """
              - {name: canary, match: ring=canary}
              - {name: racks, match: "rack, role=gateway"}
              - {name: elsewhere, match: "site notin (berlin), !legacy"}
            """)
        #expect(report.diagnostics(.error).isEmpty)
        #expect(
            report.diagnostics(.warning).map(\.place) == ["rollout.yaml:3:12", "rollout.yaml:4:12"])
        #expect(report.diagnostics(.warning).first?.message.contains("`ring=canary`") == true)
    }

    @Test("a misspelt file is mentioned")
    func misspelt() {
        let report = Harbour.lint(Harbour.tree(["rolout.yaml": "format: 1\n"]))
        #expect(report.diagnostics(.warning).map(\.fix) == ["Did you mean `rollout.yaml`?"])
    }

    private func reading(_ tree: MemoryTree) -> FleetReading {
        FleetReading(tree: tree, parse: YAML.parse)
    }

    @Test("the waves of a revision are read where the fleet has them")
    func read() throws {
        let waves = tree("format: 1\nwaves: [{name: half, limit: 50%}]\n")
        #expect(try reading(waves).rolloutMode() == .waves)
        #expect(try reading(waves).rollout()?.waves.map(\.limit) == [.percent(50)])
        #expect(try reading(waves).fleet().name == "harbour")
        #expect(try reading(Harbour.tree()).rolloutMode() == RolloutMode.none)
        #expect(try reading(Harbour.tree(["rollout.yaml": "x"])).rollout() == nil)
    }

    @Test("what can't be read is told as it is to a device")
    func unreadable() {
        func code(_ rollout: MemoryTree.Thing?, fleet: MemoryTree.Thing? = Self.waves) -> String {
            do throws(ResolutionError) {
                _ = try reading(tree(rollout, fleet: fleet)).rollout()
                return "read"
            } catch {
                switch error.code {
                case .invalid(let document): return document.diagnostics.map(\.place).joined()
                case .needsAgent: return "needsAgent"
                case .unreadable: return "unreadable"
                case .tooMany: return "tooMany"
                }
            }
        }
        #expect(code(nil) == "rollout.yaml")
        #expect(code("format: 1\nspread: 1d\n") == "rollout.yaml:2:9")
        #expect(code("format: 9\n") == "needsAgent")
        #expect(code(.damaged) == "unreadable")
        #expect(code(nil, fleet: nil) == "fleet.yaml")
        #expect(code(nil, fleet: "format: 7\n") == "needsAgent")
        #expect(code(nil, fleet: "format: 1\nrollout: rings\n") == "fleet.yaml:2:10")
    }
}
