internal import Documents
package import FleetModel

/// Tells what a device should have under a revision. Pure: the same tree and the same device give
/// the same desired state everywhere, on the device as on an operator's machine.
package struct Resolver {
    private let tree: any RevisionTree
    private let parse: DocumentParser

    package init(tree: any RevisionTree, parse: @escaping DocumentParser) {
        self.tree = tree
        self.parse = parse
    }

    /// Only a bundle that matches the device can make this fail; of all others no more than `match`
    /// is read.
    package func resolve(_ device: DeviceIdentity) throws(ResolutionError) -> ResolvedDevice {
        let manifests = FleetManifests(FleetReader(tree: tree, parse: parse))
        return try DeviceResolution(subject: DeviceSubject(device), manifests: manifests).resolve()
    }
}

/// The same for many devices: the revision is read once. It lives as long as somebody asks, and
/// holds the revision's manifests in memory that long.
package final class FleetResolver {
    private let manifests: FleetManifests

    package init(tree: any RevisionTree, parse: @escaping DocumentParser) {
        manifests = FleetManifests(FleetReader(tree: tree, parse: parse))
    }

    package func resolve(_ device: DeviceIdentity) throws(ResolutionError) -> ResolvedDevice {
        try DeviceResolution(subject: DeviceSubject(device), manifests: manifests).resolve()
    }
}

/// One resolution of one device.
struct DeviceResolution {
    let subject: DeviceSubject
    let manifests: FleetManifests

    func resolve() throws(ResolutionError) -> ResolvedDevice {
        let fleet = try manifests.fleet().orError()
        let context = try DeviceContext(of: subject, fleet: fleet, manifests: manifests)
        guard context.faults.isEmpty else {
            throw ResolutionError(.invalid(InvalidDocument(inOrder(context.faults))))
        }
        var assembly = StateAssembly()
        var faults: [Diagnostic] = []
        var tooOld: ResolutionError?
        for reading in try manifests.bundles() {
            do throws(ResolutionError) {
                let bundle = try reading.orInvalid()
                guard let manifest = try matching(bundle, context.labels) else { continue }
                let expansion = try BundleExpansion(
                    of: manifest, named: bundle.name, defaults: fleet.defaults,
                    names: context.names, reader: manifests.reader,
                    fileLimit: assembly.fileLimit, selects: { $0.matches(context.labels) })
                try assembly.add(
                    manifest, named: bundle.name, drift: manifest.drift ?? fleet.defaults.drift,
                    expansion)
            } catch {
                switch error.code {
                case .invalid(let document): faults += document.diagnostics
                case .needsAgent: tooOld = tooOld ?? error
                case .unreadable, .tooMany: throw error
                }
            }
        }
        assembly.finish()
        // A newer agent may judge the rest otherwise, so its lack comes first.
        if let tooOld { throw tooOld }
        faults += assembly.faults
        guard faults.isEmpty else {
            throw ResolutionError(.invalid(InvalidDocument(inOrder(faults))))
        }
        return ResolvedDevice(
            state: assembly.state, labels: context.labels, contents: assembly.contents,
            fleet: fleet)
    }

    /// The manifest of a bundle that is for this device; nil where it is not.
    private func matching(
        _ bundle: FleetManifests.Bundle, _ labels: Labels
    ) throws(ResolutionError) -> BundleManifest? {
        guard let match = bundle.match.manifest else {
            throw ResolutionError(.invalid(InvalidDocument(bundle.match.faults)))
        }
        guard match.matches(labels) else { return nil }
        guard isName(bundle.name) else {
            throw ResolutionError(
                .invalid(InvalidDocument(FleetManifests.noBundle(bundle.name))))
        }
        try checkNeeds(of: bundle)
        let reading = manifests.manifest(of: bundle)
        if subject.agent != nil, !reading.unknown.isEmpty {
            throw ResolutionError(
                .needsAgent(bundle: bundle.name, InvalidDocument(reading.diagnostics)))
        }
        guard let manifest = reading.manifest else {
            throw ResolutionError(.invalid(InvalidDocument(reading.faults)))
        }
        return manifest
    }

    private func checkNeeds(of bundle: FleetManifests.Bundle) throws(ResolutionError) {
        let reading = BundleManifest.readNeeds(bundle.node, file: bundle.file)
        guard let agent = subject.agent, let needs = reading.manifest, !needs.isMet(by: agent)
        else { return }
        throw ResolutionError(
            .needsAgent(
                bundle: bundle.name,
                InvalidDocument(
                    Diagnostic(
                        file: bundle.file,
                        message: "the bundle needs an agent \(needs), and this is \(agent)",
                        fix: "Install another version of the agent on the device."))))
    }
}

extension Result where Failure == InvalidDocument {
    fileprivate func orInvalid() throws(ResolutionError) -> Success {
        switch self {
        case .success(let value): return value
        case .failure(let invalid): throw ResolutionError(.invalid(invalid))
        }
    }
}
