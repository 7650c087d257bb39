internal import Documents
internal import FleetModel

extension LintRun {
    /// Every bundle, whether or not a device of today matches it.
    mutating func checkBundles() throws(ResolutionError) {
        for entry in try entries(of: FleetLayout.bundles) ?? [] where !isForPeople(entry.name) {
            let folder = FleetLayout.bundleFolder(entry.name)
            guard entry.kind == .folder, isName(entry.name) else {
                report([FleetManifests.noBundle(entry.name)])
                continue
            }
            if try reader.kind(of: FleetLayout.bundleFile(entry.name)) == nil {
                report(
                    folder, "the bundle has no \(FleetLayout.manifest)",
                    fix: "Add `\(FleetLayout.bundleFile(entry.name))`, or remove the folder.")
            }
        }
        let names = templateNames
        for result in try manifests.bundles() {
            switch result {
            case .failure(let invalid): report(invalid.diagnostics)
            case .success(let bundle): try check(bundle, names)
            }
        }
        checkTriggers()
    }

    private mutating func check(
        _ bundle: FleetManifests.Bundle, _ names: TemplateNames
    ) throws(ResolutionError) {
        let reading = manifests.manifest(of: bundle)
        report(reading.diagnostics)
        // Without the fleet's manifest nobody knows which names and defaults there are.
        guard let manifest = reading.manifest, let fleet else { return }
        do throws(ResolutionError) {
            let expansion = try BundleExpansion(
                of: manifest, named: bundle.name, defaults: fleet.defaults,
                names: names, reader: reader, fileLimit: Limits.files, selects: { _ in true })
            report(expansion.faults)
            bundles.append(Bundle(name: bundle.name, manifest: manifest, expansion: expansion))
            try checkUnused(
                FleetLayout.bundleFolder(bundle.name), of: bundle.name, expansion.sources, depth: 0)
        } catch {
            guard case .tooMany = error.code else { throw error }
            report(error.diagnostics)
        }
    }

    /// A template may use every name that some device could know. Whether each device does is seen
    /// when the devices are resolved.
    private var templateNames: TemplateNames {
        let labels =
            Labels.builtInKeys + deviceLabels.keys + (fleet?.localLabels.keys.map(\.self) ?? [])
        return TemplateNames(
            variables: fleet?.variables ?? Variables(), labels: Labels(),
            assumed: variableNames.union(labels.map { "label.\($0)" }).union(["device.id"]))
    }

    private mutating func checkUnused(
        _ folder: String, of bundle: String, _ used: Set<String>, depth: Int
    ) throws(ResolutionError) {
        guard depth <= Limits.treeDepth else { return }
        for entry in try entries(of: folder) ?? [] {
            let path = "\(folder)/\(entry.name)"
            if entry.kind == .folder {
                try checkUnused(path, of: bundle, used, depth: depth + 1)
            } else if !used.contains(path), path != FleetLayout.bundleFile(bundle),
                !isForPeople(entry.name)
            {
                report(
                    path, "the bundle `\(bundle)` does not use this file",
                    fix: "Name it as a `source`, or remove it.", as: .note)
            }
        }
    }

    /// Paths that something waits for, and that no bundle's file can ever change.
    private mutating func checkTriggers() {
        let claimed = Set(
            bundles.flatMap { $0.expansion.files.map(\.path) + $0.expansion.links.map(\.path) })
        for bundle in bundles {
            let manifest = bundle.manifest
            for unit in manifest.units {
                checkTriggers(
                    unit.restartOn + unit.reloadOn, of: "the unit `\(unit.name)`",
                    "`restart-on` or `reload-on`", bundle.name, unit.namePosition, claimed)
            }
            for hook in manifest.hooks {
                checkTriggers(
                    hook.on, of: "the hook `\(hook.name)`", "`on`", bundle.name,
                    hook.namePosition, claimed)
            }
            checkTriggers(
                manifest.rebootOn, of: "a reboot", "`reboot-on`", bundle.name, nil, claimed)
        }
    }

    private mutating func checkTriggers(
        _ paths: [AbsolutePath], of what: String, _ key: String, _ bundle: String,
        _ position: SourcePosition?, _ claimed: Set<String>
    ) {
        for path in paths
        where !claimed.contains(path.text)
            && !claimed.contains(where: { $0.hasPrefix(path.text + "/") })
        {
            report(
                [
                    Diagnostic(
                        file: FleetLayout.bundleFile(bundle), position: position,
                        message:
                            "\(what) waits for a change of `\(path)`, which no bundle manages",
                        fix: "Correct the path below \(key).")
                ], as: .warning)
        }
    }
}
