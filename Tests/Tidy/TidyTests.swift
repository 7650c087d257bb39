import Testing

/// The whole tree keeps the rules of the house.
@Suite struct TidyTests {
    private let tree = SourceTree()

    @Test("every file keeps every rule, and no exemption is left over")
    func wholeTree() throws {
        let files = try tree.files()
        // A wrong root would make this test pass without reading anything.
        #expect(files.contains("Package.swift") && files.contains("Tests/Tidy/TidyTests.swift"))
        var findings: [Finding] = []
        for path in files { findings += try check(path) }
        findings += undeclaredFolders(
            try tree.moduleFolders(), manifest: try tree.text(of: "Package.swift"))
        findings += undescribedModules(
            try tree.moduleFolders(), page: try tree.text(of: "docs/architecture.md"))
        findings += trackedProducts(try tree.trackedFiles() ?? [])
        for exemption in exemptions {
            #expect(
                findings.contains { exemption.covers($0) },
                "nothing needs the exemption of \(exemption.path) any more")
        }
        for finding in findings where !exemptions.contains(where: { $0.covers(finding) }) {
            Issue.record("\(finding)")
        }
    }

    private func check(_ path: String) throws -> [Finding] {
        if path.hasSuffix(".swift") {
            return SwiftRules(path: path, text: try tree.text(of: path)).findings
        }
        if path.hasSuffix(".md") {
            let text = try tree.text(of: path)
            return brokenLinks(in: text, path: path, exists: tree.exists)
                + openTodos(in: Array(text.utf8), path: path)
        }
        let isText =
            ["Makefile", "run"].contains(path.split(separator: "/").last ?? "")
            || [".h", ".sh", ".yaml", ".service", ".modulemap"].contains { path.hasSuffix($0) }
        return isText ? openTodos(in: Array(try tree.text(of: path).utf8), path: path) : []
    }
}

extension Exemption {
    fileprivate func covers(_ finding: Finding) -> Bool {
        rule == finding.rule && path == finding.path
    }
}
