package import DeviceRecords
package import FleetModel

/// What stands at a path of its own and has nothing below it: a file or a symbolic link.
enum Leaf {
    case file(DesiredFile)
    case link(DesiredLink)

    var path: String {
        switch self {
        case .file(let file): file.path
        case .link(let link): link.path
        }
    }

    var bundle: String {
        switch self {
        case .file(let file): file.bundle
        case .link(let link): link.bundle
        }
    }

    /// Placed only where nothing stands, and the device's own from then on.
    var isOnce: Bool {
        switch self {
        case .file(let file): file.create == .once
        case .link: false
        }
    }

    /// What a symbolic link at its path says; nil where a real file is to stand there.
    var linkText: String? {
        switch self {
        case .file(let file): file.placement == .link ? LinkPlacement.target(of: file) : nil
        case .link(let link): link.target
        }
    }

    /// How many bytes staging it writes.
    var size: Int {
        switch self {
        case .file(let file): file.placement == .copy ? file.size : 0
        case .link: 0
        }
    }
}

extension DesiredState {
    /// Files first, then links, each sorted by path.
    var leaves: [Leaf] { files.map(Leaf.file) + links.map(Leaf.link) }

    /// What is to happen to drift of each path.
    func policies() -> [String: DriftPolicy] {
        let known = DriftPolicies(bundles)
        var policies: [String: DriftPolicy] = [:]
        func note(_ path: String, _ own: DriftPolicy?, _ bundle: String) {
            policies[path] = known.of(bundle, own)
        }
        for file in files { note(file.path, file.drift, file.bundle) }
        for link in links { note(link.path, link.drift, link.bundle) }
        for directory in directories { note(directory.path, directory.drift, directory.bundle) }
        return policies
    }
}

extension DesiredState {
    /// Asks `Inspector` for what is placed and put right, and not for what is only observed.
    package var watchingApplied: Inspector.Watching {
        let observed = Set(bundles.filter { $0.mode == .observe }.map(\.name))
        return { _, bundle, _ in !observed.contains(bundle) }
    }
}

extension GenerationRecord {
    /// The same without the bundles that are only observed: what is placed and put right.
    package var applied: GenerationRecord {
        var record = self
        record.state = state.applied
        return record
    }
}
