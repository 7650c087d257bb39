import Documents
import FleetModel
import FleetTools
import Foundation
import ReleaseTrust
import Resolution
import TestSupport
import Testing

@Suite struct FleetLintTests {
    private func lint(_ fleet: TestFleet) throws -> FleetLint {
        try FleetLint(WorkingFolder(path: fleet.folder.path), subject: "fleet")
    }

    @Test("faults of the trust files are told with file, line and fix")
    func trust() async throws {
        try await withTemporaryFolder { folder in
            let fleet = try await TestFleet(in: folder)
            try fleet.write(
                "trust/allowed_signers", try fleet.read("trust/allowed_signers") + "*  ssh-rsa x\n")
            try fleet.write("trust/policy.yaml", "format: 1\napprovals: {default: 2}\n")
            let lint = try lint(fleet)
            #expect(lint.status == .refused)
            let places = lint.report.findings.map(\.diagnostic.place)
            #expect(places.contains { $0.hasPrefix("trust/allowed_signers:4:") })
            #expect(places.contains { $0.hasPrefix("trust/policy.yaml") })
        }
    }

    @Test("waves that nobody's orders would open, and a topic that nobody reads, are warnings")
    func withoutEffect() async throws {
        try await withTemporaryFolder { folder in
            let fleet = try await TestFleet(in: folder)
            let manifest = try fleet.read("fleet.yaml")
            #expect(try lint(fleet).report.findings.isEmpty)
            try fleet.write(
                "fleet.yaml",
                manifest.replacing("rollout: none", with: "rollout: waves\ntopic: ships/harbour"))
            try fleet.write(
                "rollout.yaml",
                "format: 1\nwaves:\n  - name: half\n    limit: 50%\n    soak: 1m\n")
            let line =
                manifest.split(separator: "\n", omittingEmptySubsequences: false)
                .firstIndex(of: "rollout: none").map { $0 + 1 } ?? 0
            let warnings = try lint(fleet).report.diagnostics(.warning)
            #expect(
                warnings.map(\.place) == ["fleet.yaml:\(line):10", "fleet.yaml:\(line + 1):8"])
            #expect(warnings.first?.message.contains("`flotilla-order` and `flotilla-ack`") == true)
            #expect(warnings.first?.fix.contains("flotilla ca issue DIR aggregator") == true)
            #expect(try lint(fleet).status == .success)

            let signers = try fleet.read("trust/allowed_signers")
            try fleet.write(
                "trust/allowed_signers",
                signers.replacing("git,", with: "git,flotilla-order,"))
            #expect(
                try lint(fleet).report.diagnostics(.warning).first?.message
                    .contains("admits `flotilla-ack`:") == true)
            try fleet.write(
                "trust/allowed_signers",
                signers.replacing("git,", with: "git,flotilla-order,flotilla-ack,"))
            #expect(try lint(fleet).report.diagnostics(.warning).count == 1)
        }
    }

    @Test("the working folder and the commit of it have the same faults")
    func sameFaults() async throws {
        try await withTemporaryFolder { folder in
            let fleet = try await TestFleet(in: folder)
            try fleet.write("bundles/hello/bundle.yaml", "match: role=example\nfiles: [{}]\n")
            try fleet.write("bundles/other/bundle.yaml", "match: (\n")
            try fleet.git("add", "-A")
            try fleet.git("commit", "-q", "-m", "broken")
            let repository = try await fleet.repository()
            let tree = try await repository.tree(of: repository.revision("HEAD"))
            let committed = try FleetLint(tree, subject: "HEAD").report
            #expect(committed.hasErrors)
            #expect(try lint(fleet).report == committed)
        }
    }

    @Test("the working folder follows no link and shows none of Git's own files")
    func workingFolder() async throws {
        try await withTemporaryFolder { folder in
            let fleet = try await TestFleet(in: folder)
            let tree = WorkingFolder(path: fleet.folder.path)
            #expect(try tree.entries(of: "")?.contains { $0.name == ".git" } == false)
            #expect(try tree.entry(at: ".git/config") == nil)
            #expect(try tree.contents(of: "../fleet.anchor", limit: 10_000) == nil)
            try FileManager.default.createSymbolicLink(
                atPath: fleet.folder.path + "/link", withDestinationPath: "bundles")
            #expect(try tree.entry(at: "link")?.kind == .symbolicLink)
            #expect(try tree.entries(of: "link") == nil)
            #expect(try tree.contents(of: "link/hello/bundle.yaml", limit: 10_000) == nil)
            #expect(throws: RevisionTreeError.self) {
                try tree.contents(of: "fleet.yaml", limit: 3)
            }
        }
    }
}
