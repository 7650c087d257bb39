package import Documents
package import FleetModel
internal import ReleaseTrust
package import Resolution
internal import YAMLDocument

/// All that is wrong in a fleet repository: the model's faults, and those of the trust files.
package struct FleetLint: Report {
    package let report: LintReport
    /// What was looked at, for people.
    package let subject: String

    package init(_ tree: some RevisionTree, subject: String) throws(OperatorError) {
        var report = Linter.lint(tree, parse: YAML.parse)
        let known = report.findings.map(\.diagnostic)
        do throws(RevisionTreeError) {
            let files = try TrustFiles(from: tree, parse: YAML.parse)
            for diagnostic in Self.faults(of: files) where !known.contains(diagnostic) {
                report.findings.append(LintReport.Finding(.error, diagnostic))
            }
            for diagnostic in try Self.warnings(of: tree, files) {
                report.findings.append(LintReport.Finding(.warning, diagnostic))
            }
        } catch {
            throw OperatorError(error)
        }
        self.report = report
        self.subject = subject
    }

    /// What devices would refuse a release for, whoever signed it.
    private static func faults(of files: TrustFiles) -> [Diagnostic] {
        var faults: [Diagnostic] = []
        do throws(InvalidDocument) {
            _ = try signers(files)
        } catch {
            faults += error.diagnostics
        }
        do throws(InvalidDocument) {
            switch files.policy {
            case .missing: break  // One person is enough.
            case .broken(let invalid): throw invalid
            case .read(let node):
                let policy = try TrustPolicy(node, file: TrustFiles.policyPath)
                if !policy.isSupported { faults.append(unsupported(policy)) }
            }
        } catch {
            faults += error.diagnostics
        }
        return faults
    }

    /// Nil where the file is missing, which the linter says.
    private static func signers(_ files: TrustFiles) throws(InvalidDocument) -> AllowedSigners? {
        switch files.allowedSigners {
        case .missing: nil
        case .broken(let invalid): throw invalid
        case .read(let text):
            try AllowedSigners(text: text, file: TrustFiles.allowedSignersPath)
        }
    }

    /// What the fleet's manifest has no effect with. A manifest that can't be read is told by the
    /// linter.
    private static func warnings(
        of tree: some RevisionTree, _ files: TrustFiles
    ) throws(RevisionTreeError) -> [Diagnostic] {
        let file = FleetLayout.fleetFile
        do {
            guard let bytes = try tree.contents(of: file, limit: Limits.yamlBytes) else {
                return []
            }
            let fleet = try YAML.parse(bytes, file: file)
            return RolloutLint(fleet: fleet, signers: try? signers(files)).warnings
        } catch let error as RevisionTreeError {
            if case .tooLarge = error.code { return [] }
            throw error
        } catch {
            return []
        }
    }

    private static func unsupported(_ policy: TrustPolicy) -> Diagnostic {
        Diagnostic(
            file: TrustFiles.policyPath,
            message: "it wants \(policy.mostPeople) people to agree, and this version counts one",
            fix: "Set every number of approvals to 1, or use a version that counts approvals.")
    }

    package var status: ExitStatus { report.hasErrors ? .refused : .success }

    package var json: JSONValue {
        [
            "ok": .bool(!report.hasErrors), "status": .integer(Int64(status.rawValue)),
            "subject": .string(subject), "devices": .integer(Int64(report.devices)),
            "bundles": .integer(Int64(report.bundles)), "files": .integer(Int64(report.files)),
            "findings": .array(
                report.findings.map { finding in
                    guard case .object(var members) = finding.diagnostic.json else { return .null }
                    members["severity"] = .string(finding.severity.rawValue)
                    return .object(members)
                }),
        ]
    }

    package func lines(on terminal: Terminal) -> [String] {
        var lines: [String] = []
        for finding in report.findings {
            let style: Terminal.Style =
                switch finding.severity {
                case .error: .red
                case .warning: .yellow
                case .note: .dim
                }
            let place = terminal.styled(finding.diagnostic.place, .bold)
            lines.append("\(place): \(terminal.styled(finding.severity.rawValue, style))")
            lines += terminal.wrapped(finding.diagnostic.message, indent: 4)
            lines += terminal.wrapped("fix: \(finding.diagnostic.fix)", indent: 4)
        }
        return lines + [summary(on: terminal)]
    }

    private func summary(on terminal: Terminal) -> String {
        let errors = report.diagnostics(.error).count
        let warnings = report.diagnostics(.warning).count
        let verdict =
            errors == 0
            ? terminal.styled("no errors", .green)
            : terminal.styled(counted(errors, "error"), .red)
        return "\(subject): \(verdict), \(counted(warnings, "warning")); "
            + "\(counted(report.devices, "device file")), \(counted(report.bundles, "bundle")), "
            + "\(counted(report.files, "file"))"
    }
}

/// `1 file`, `2 files`.
package func counted(_ count: Int, _ noun: String) -> String {
    "\(count) \(noun)\(count == 1 ? "" : "s")"
}
