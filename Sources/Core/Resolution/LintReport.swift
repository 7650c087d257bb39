package import Documents

/// What lint found in a whole fleet repository.
package struct LintReport: Equatable, Sendable {
    package enum Severity: String, Equatable, Sendable, CaseIterable {
        /// A device would refuse the revision, or a person could not have meant it.
        case error
        /// It works today, and a change elsewhere can break it.
        case warning
        /// Worth knowing.
        case note
    }

    package struct Finding: Equatable, Sendable {
        package var severity: Severity
        package var diagnostic: Diagnostic

        package init(_ severity: Severity, _ diagnostic: Diagnostic) {
            self.severity = severity
            self.diagnostic = diagnostic
        }
    }

    /// In the order of their places.
    package var findings: [Finding]
    /// Device files.
    package var devices: Int
    package var bundles: Int
    /// Managed files of all bundles together.
    package var files: Int

    package init(findings: [Finding] = [], devices: Int = 0, bundles: Int = 0, files: Int = 0) {
        self.findings = findings
        self.devices = devices
        self.bundles = bundles
        self.files = files
    }

    package func diagnostics(_ severity: Severity) -> [Diagnostic] {
        findings.filter { $0.severity == severity }.map(\.diagnostic)
    }

    package var hasErrors: Bool { findings.contains { $0.severity == .error } }
}
