internal import Digests
internal import Documents
internal import FleetModel

/// What one bundle gives one device: its manifest with all sources looked up, all folders walked
/// and all templates rendered.
struct BundleExpansion {
    private(set) var files: [DesiredFile] = []
    private(set) var contents: [String: ContentSource] = [:]
    private(set) var links: [DesiredLink] = []
    private(set) var directories: [DesiredDirectory] = []
    private(set) var claims: [Claim] = []
    private(set) var faults: [Diagnostic] = []
    /// The paths in the repository that were used.
    private(set) var sources: Set<String> = []
    private(set) var renderedBytes = 0

    /// What is known of a managed file before its content.
    private struct Target {
        var path: String
        var mode: UInt16
        var owner: Ownership
        var placement = Placement.copy
        var create = Creation.always
        var drift: DriftPolicy?
        var attributes: [String: String] = [:]
        /// Where the manifest names its source.
        var position: SourcePosition
    }

    private let name: String
    private let manifest: BundleManifest
    private let defaults: FileDefaults
    private let names: TemplateNames
    private let reader: FleetReader
    /// How many files the device may still have.
    private let fileLimit: Int

    private var file: String { FleetLayout.bundleFile(name) }
    private var folder: String { FleetLayout.bundleFolder(name) }

    /// `selects` judges the `when` of each entry.
    init(
        of manifest: BundleManifest, named name: String, defaults: FileDefaults,
        names: TemplateNames, reader: FleetReader, fileLimit: Int, selects: (Selector) -> Bool
    ) throws(ResolutionError) {
        self.name = name
        self.manifest = manifest
        self.defaults = defaults
        self.names = names
        self.reader = reader
        self.fileLimit = fileLimit
        for entry in manifest.files where entry.when.map(selects) ?? true { try add(entry) }
        for entry in manifest.links where entry.when.map(selects) ?? true { try add(entry) }
        for entry in manifest.directories where entry.when.map(selects) ?? true { try add(entry) }
        for unit in manifest.units {
            claims.append(
                Claim(
                    subject: .unit(unit.name), bundle: name, file: file,
                    position: unit.namePosition, when: nil))
        }
    }

    private mutating func add(_ entry: FileEntry) throws(ResolutionError) {
        claims.append(
            Claim(
                subject: .file(entry.path.text), bundle: name, file: file,
                position: entry.pathPosition, when: entry.when))
        let source = "\(folder)/\(entry.source.text)"
        guard let found = try lookUp(source, at: entry.sourcePosition) else { return }
        let target = Target(
            path: entry.path.text, mode: entry.mode ?? mode(of: found),
            owner: entry.owner ?? defaults.owner, placement: entry.placement,
            create: entry.create, drift: entry.drift, attributes: entry.attributes,
            position: entry.sourcePosition)
        if entry.isTemplate {
            try placeRendered(source, target)
        } else {
            try place(source, found, target)
        }
    }

    private mutating func add(_ entry: LinkEntry) throws(ResolutionError) {
        claims.append(
            Claim(
                subject: .link(entry.path.text), bundle: name, file: file,
                position: entry.pathPosition, when: entry.when))
        try checkRoom(at: entry.pathPosition)
        links.append(
            DesiredLink(
                path: entry.path.text, bundle: name, target: entry.target, drift: entry.drift))
    }

    private mutating func add(_ entry: DirectoryEntry) throws(ResolutionError) {
        addDirectory(entry.path.text, entry)
        guard let source = entry.source else { return }
        let folder = "\(folder)/\(source.text)"
        switch try reader.lookUp(folder) {
        case .other(.folder, folder): try addFiles(of: folder, to: entry.path.text, entry, depth: 0)
        case .other(let kind, let place):
            report(entry.sourcePosition, "the source `\(place)` is \(kind.shown) and not a folder")
        case .file:
            report(entry.sourcePosition, "the source `\(folder)` is a file and not a folder")
        case .missing:
            report(entry.sourcePosition, "the source `\(folder)` does not exist")
        }
    }

    private mutating func addDirectory(_ path: String, _ entry: DirectoryEntry) {
        claims.append(
            Claim(
                subject: .directory(path), bundle: name, file: file, position: entry.pathPosition,
                when: entry.when))
        directories.append(
            DesiredDirectory(
                path: path, bundle: name, mode: entry.mode, owner: entry.owner ?? defaults.owner,
                isOwned: entry.isOwned, drift: entry.drift))
    }

    /// All that lies below a folder of the bundle.
    private mutating func addFiles(
        of folder: String, to path: String, _ entry: DirectoryEntry, depth: Int
    ) throws(ResolutionError) {
        guard depth < Limits.treeDepth else {
            report(entry.sourcePosition, "`\(folder)` is more than \(Limits.treeDepth) levels deep")
            return
        }
        for child in try reader.entries(of: folder) ?? [] {
            let source = "\(folder)/\(child.name)"
            let target = "\(path)/\(child.name)"
            do throws(TextFault) {
                _ = try RepositoryPath(source)
                _ = try ManagedPath(target, as: child.kind == .folder ? .directory : .file)
            } catch {
                report(entry.sourcePosition, error.message, fix: error.fix)
                continue
            }
            switch child.kind {
            case .folder:
                addDirectory(target, entry)
                try addFiles(of: source, to: target, entry, depth: depth + 1)
            case .file, .executable:
                claims.append(
                    Claim(
                        subject: .file(target), bundle: name, file: file,
                        position: entry.pathPosition, when: entry.when))
                try place(
                    source, child,
                    Target(
                        path: target, mode: mode(of: child), owner: entry.owner ?? defaults.owner,
                        drift: entry.drift, position: entry.sourcePosition))
            case .symbolicLink, .submodule:
                report(
                    entry.sourcePosition, "`\(source)` is \(child.kind.shown) and not a file",
                    fix: "Replace it by the file itself.")
            }
        }
    }

    private mutating func lookUp(
        _ source: String, at position: SourcePosition
    ) throws(ResolutionError) -> TreeEntry? {
        switch try reader.lookUp(source) {
        case .file(let entry): return entry
        case .other(let kind, let place):
            report(
                position, "the source `\(place)` is \(kind.shown) and not a file",
                fix: kind == .folder && place == source
                    ? "Name a file, or place the folder with `directories`."
                    : "Replace it by the file itself.")
        case .missing:
            report(position, "the source `\(source)` does not exist")
        }
        return nil
    }

    /// A template's text.
    private mutating func placeRendered(
        _ source: String, _ target: Target
    ) throws(ResolutionError) {
        sources.insert(source)
        switch try reader.contents(of: source, limit: Limits.templateBytes) {
        case .bytes(let bytes):
            let text: [UInt8]
            do throws(InvalidDocument) {
                text = try Template(bytes, file: source).render(names)
            } catch {
                faults += error.diagnostics
                return
            }
            renderedBytes += text.count
            try append(target, SHA256.hash(text), size: text.count, object: nil, .rendered(text))
        case .tooLarge:
            report(
                target.position,
                "the template `\(source)` is larger than \(Limits.templateBytes) bytes",
                fix: "Split it, or remove `template: true`.")
        case .missing:
            report(target.position, "the source `\(source)` does not exist")
        }
    }

    /// A file of the revision as it is.
    private mutating func place(
        _ source: String, _ entry: TreeEntry, _ target: Target
    ) throws(ResolutionError) {
        sources.insert(source)
        switch try reader.measure(source) {
        case .content(let digest, let size):
            try append(
                target, digest, size: size, object: entry.object,
                .blob(entry.object, repositoryPath: source))
        case .tooLarge:
            report(
                target.position,
                "the source `\(source)` is larger than \(Limits.fileBytes) bytes",
                fix: "Bring it to the device in another way: this is for configuration.")
        case .missing:
            report(target.position, "the source `\(source)` does not exist")
        }
    }

    private mutating func append(
        _ target: Target, _ content: ContentDigest, size: Int, object: ObjectID?,
        _ source: ContentSource
    ) throws(ResolutionError) {
        try checkRoom(at: target.position)
        files.append(
            DesiredFile(
                path: target.path, bundle: name, content: content, size: size, mode: target.mode,
                owner: target.owner, placement: target.placement, create: target.create,
                drift: target.drift, attributes: target.attributes, blob: object))
        contents[target.path] = source
    }

    private func checkRoom(at position: SourcePosition) throws(ResolutionError) {
        guard files.count + links.count < fileLimit else {
            throw ResolutionError(
                .tooMany(
                    Diagnostic(
                        file: file, position: position,
                        message: "this makes more than \(Limits.files) files for one device",
                        fix: "Place fewer files, or pack them into one.")))
        }
    }

    /// Git's executable bit makes a program of a file whose mode nobody set.
    private func mode(of entry: TreeEntry) -> UInt16 {
        entry.kind == .executable ? FileMode.executable(defaults.mode) : defaults.mode
    }

    private mutating func report(
        _ position: SourcePosition, _ message: String,
        fix: String = "Correct `source`, which is relative to the bundle's folder."
    ) {
        faults.append(Diagnostic(file: file, position: position, message: message, fix: fix))
    }
}
