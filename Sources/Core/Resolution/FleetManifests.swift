internal import Documents
internal import FleetModel

/// The manifests of one revision, each read once.
final class FleetManifests {
    /// One bundle, read as far as somebody asked.
    struct Bundle {
        let name: String
        let file: String
        let node: Node
        let match: ManifestReading<Selector>
    }

    let reader: FleetReader
    private var knownFleet: ManifestReading<FleetManifest>?
    private var knownGroups: [String: ManifestReading<GroupManifest>?] = [:]
    private var knownBundles: [Result<Bundle, InvalidDocument>]?
    private var knownManifests: [String: ManifestReading<BundleManifest>] = [:]

    init(_ reader: FleetReader) { self.reader = reader }

    func fleet() throws(ResolutionError) -> ManifestReading<FleetManifest> {
        if let knownFleet { return knownFleet }
        let reading =
            try reader.manifest(at: FleetLayout.fleetFile, FleetManifest.read)
            ?? ManifestReading(nil, faults: [Self.noFleet])
        knownFleet = reading
        return reading
    }

    private static let noFleet = Diagnostic(
        file: FleetLayout.fleetFile, message: "the file is missing",
        fix: "Write one: `format: 1` and `name: my-fleet`.")

    /// Nil where there is no such file.
    func rollout() throws(ResolutionError) -> ManifestReading<RolloutManifest>? {
        try reader.manifest(at: FleetLayout.rolloutFile, RolloutManifest.read)
    }

    /// How releases reach the devices, whatever else is wrong in the fleet's manifest.
    func rolloutMode() throws(ResolutionError) -> ManifestReading<RolloutMode> {
        try reader.manifest(at: FleetLayout.fleetFile, FleetManifest.readRollout)
            ?? ManifestReading(nil, faults: [Self.noFleet])
    }

    /// Nil where the device has no file.
    func device(_ id: DeviceID) throws(ResolutionError) -> ManifestReading<DeviceManifest>? {
        try reader.manifest(at: FleetLayout.deviceFile(id), DeviceManifest.read)
    }

    /// Nil where there is no such group.
    func group(at path: String) throws(ResolutionError) -> ManifestReading<GroupManifest>? {
        if let known = knownGroups[path] { return known }
        let reading = try reader.manifest(at: path, GroupManifest.read)
        knownGroups[path] = .some(reading)
        return reading
    }

    /// All bundles in the order of their names. Folders without a manifest are none.
    func bundles() throws(ResolutionError) -> [Result<Bundle, InvalidDocument>] {
        if let knownBundles { return knownBundles }
        var bundles: [Result<Bundle, InvalidDocument>] = []
        for entry in try reader.entries(of: FleetLayout.bundles) ?? [] where entry.kind == .folder {
            let file = FleetLayout.bundleFile(entry.name)
            switch try reader.document(at: file) {
            case .success(nil): continue
            case .success(let node?):
                bundles.append(
                    .success(
                        Bundle(
                            name: entry.name, file: file, node: node,
                            match: BundleManifest.readMatch(node, file: file))))
            case .failure(let invalid): bundles.append(.failure(invalid))
            }
        }
        knownBundles = bundles
        return bundles
    }

    static func noBundle(_ name: String) -> Diagnostic {
        Diagnostic(
            file: FleetLayout.bundleFolder(name), message: "this is not a bundle's folder",
            fix: "A bundle is a folder whose name is \(DeviceID.rule).")
    }

    func manifest(of bundle: Bundle) -> ManifestReading<BundleManifest> {
        if let known = knownManifests[bundle.name] { return known }
        let reading = BundleManifest.read(bundle.node, file: bundle.file)
        knownManifests[bundle.name] = reading
        return reading
    }
}

/// A file below `groups/`, by what its name says.
struct GroupFile: Equatable {
    var file: String
    var key: String
    var value: String

    /// Nil where the name is not `<label>=<value>.yaml`. `path` is relative to `groups/`.
    init?(_ path: String) {
        let suffix = ".yaml"
        guard path.hasSuffix(suffix) else { return nil }
        let name = Array(path.utf8.dropLast(suffix.utf8.count))
        guard let equals = name.firstIndex(of: UInt8(ascii: "=")) else { return nil }
        key = String(decoding: name[..<equals], as: UTF8.self)
        value = String(decoding: name[(equals + 1)...], as: UTF8.self)
        file = "\(FleetLayout.groups)/\(path)"
        do throws(TextFault) {
            try LabelSyntax.checkKey(key)
            try LabelSyntax.checkValue(value)
        } catch {
            return nil
        }
    }
}

extension FleetManifests {
    /// The paths of all files below `groups/`, relative to it. A key with a prefix is one folder
    /// down.
    func groupPaths() throws(ResolutionError) -> [String] {
        var paths: [String] = []
        for entry in try reader.entries(of: FleetLayout.groups) ?? [] {
            guard entry.kind == .folder else {
                paths.append(entry.name)
                continue
            }
            for child in try reader.entries(of: "\(FleetLayout.groups)/\(entry.name)") ?? [] {
                paths.append("\(entry.name)/\(child.name)")
            }
        }
        return paths
    }

    /// All groups.
    func groups() throws(ResolutionError) -> [GroupFile] {
        try groupPaths().compactMap { GroupFile($0) }
    }
}
