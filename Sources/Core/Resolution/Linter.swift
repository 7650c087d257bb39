internal import Documents
package import FleetModel

/// Finds all that is wrong in a fleet repository, before any device sees it.
package enum Linter {
    package static func lint(
        _ tree: any RevisionTree, parse: @escaping DocumentParser
    ) -> LintReport {
        var run = LintRun(FleetManifests(FleetReader(tree: tree, parse: parse)))
        do throws(ResolutionError) {
            try run.checkFleet()
            try run.checkTrust()
            try run.checkRoot()
            try run.checkDevices()
            try run.checkGroups()
            try run.checkRollout()
            try run.checkBundles()
            run.checkUnitOrder()
            try run.resolveDevices()
            run.checkOverlaps()
        } catch {
            run.report(error.diagnostics)
        }
        return run.report()
    }
}

/// One lint. Each step adds its findings and keeps what later steps need.
struct LintRun {
    /// One bundle whose manifest could be used, with all of its entries whatever their `when`.
    struct Bundle {
        var name: String
        var manifest: BundleManifest
        var expansion: BundleExpansion
    }

    let manifests: FleetManifests
    var reader: FleetReader { manifests.reader }

    private var findings: [LintReport.Finding] = []
    private var reported: Set<String> = []

    private(set) var fleet: FleetManifest?
    var devices: [DeviceID] = []
    /// The labels that device files set, with all their values.
    var deviceLabels: [String: Set<String>] = [:]
    /// The names of all variables that a group or a device sets.
    var variableNames: Set<String> = []
    var bundles: [Bundle] = []
    /// Faults that devices of the repository have, as they say it themselves.
    var failedOnDevices: Set<String> = []

    init(_ manifests: FleetManifests) { self.manifests = manifests }

    mutating func report(
        _ diagnostics: [Diagnostic], as severity: LintReport.Severity = .error
    ) {
        for diagnostic in diagnostics where reported.insert(diagnostic.description).inserted {
            findings.append(LintReport.Finding(severity, diagnostic))
        }
    }

    mutating func report(
        _ file: String, _ message: String, fix: String, as severity: LintReport.Severity = .error
    ) {
        report([Diagnostic(file: file, message: message, fix: fix)], as: severity)
    }

    func isReported(_ diagnostic: Diagnostic) -> Bool {
        reported.contains(diagnostic.description)
    }

    mutating func checkFleet() throws(ResolutionError) {
        let reading = try manifests.fleet()
        report(reading.diagnostics)
        fleet = reading.manifest
    }

    /// Without a signer no release could ever be made. What the signers may do is judged by
    /// ReleaseTrust.
    mutating func checkTrust() throws(ResolutionError) {
        let signers = FleetLayout.allowedSigners
        let fix = "Add a line with a person's name and public key, as ssh-keygen(1) has it."
        switch try reader.lookUp(signers) {
        case .missing: report(signers, "the file is missing, so nobody could sign", fix: fix)
        case .other(let kind, let place):
            report(signers, "`\(place)` is \(kind.shown)", fix: "Replace it by the file itself.")
        case .file:
            guard case .bytes(let bytes) = try reader.contents(of: signers, limit: Limits.yamlBytes)
            else {
                report(signers, "the file is larger than \(Limits.yamlBytes) bytes", fix: fix)
                return
            }
            let names = bytes.split(separator: UInt8(ascii: "\n")).filter { line in
                let text = line.drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x0d }
                return !text.isEmpty && text.first != UInt8(ascii: "#")
            }
            if names.isEmpty { report(signers, "the file names nobody who may sign", fix: fix) }
        }
        if case .failure(let invalid) = try reader.document(at: FleetLayout.policy) {
            report(invalid.diagnostics)
        }
    }

    /// A misspelt folder would silently be no part of the fleet.
    mutating func checkRoot() throws(ResolutionError) {
        let known = [
            FleetLayout.fleetFile, FleetLayout.rolloutFile, "trust", FleetLayout.devices,
            FleetLayout.groups,
            FleetLayout.bundles,
        ]
        for entry in try entries(of: "") ?? [] where !known.contains(entry.name) {
            guard let meant = known.first(where: { editDistance($0, entry.name) <= 2 }) else {
                continue
            }
            report(
                entry.name, "this is no part of a fleet repository",
                fix: "Did you mean `\(meant)`?", as: .warning)
        }
    }

    /// The entries of a folder, checked for names that differ in case alone.
    mutating func entries(of folder: String) throws(ResolutionError) -> [TreeEntry]? {
        guard let entries = try reader.entries(of: folder) else { return nil }
        var names: [String: String] = [:]
        for entry in entries {
            let path = folder.isEmpty ? entry.name : "\(folder)/\(entry.name)"
            if let other = names.updateValue(entry.name, forKey: entry.name.lowercased()) {
                report(
                    path, "the name differs from `\(other)` in case alone",
                    fix: "Rename one: some operators' file systems can't hold both.", as: .warning)
            }
        }
        return entries
    }

    /// What people may put anywhere.
    func isForPeople(_ name: String) -> Bool { name == "README.md" || name == ".gitkeep" }

    func report() -> LintReport {
        let order = inOrder(findings.map(\.diagnostic))
        let bySeverity = Dictionary(
            findings.map { ($0.diagnostic.description, $0.severity) },
            uniquingKeysWith: { first, _ in first })
        return LintReport(
            findings: order.map { LintReport.Finding(bySeverity[$0.description] ?? .error, $0) },
            devices: devices.count, bundles: bundles.count,
            files: bundles.reduce(0) { $0 + $1.expansion.files.count })
    }
}
