internal import DeviceRecords
internal import FleetModel
internal import HostSystem

/// Keeps links readable that a move does away with.
///
/// From the commit point on they lead into the new generation, which does not hold them, until their
/// paths get what is to stand there. For that moment the new generation's folder gets the old bytes.
struct LinkBridge {
    private let root: Root
    private let old: GenerationRecord
    private let new: GenerationRecord
    private let spans: [DesiredFile]

    init(root: Root, from old: GenerationRecord, to new: GenerationRecord) {
        self.root = root
        self.old = old
        self.new = new
        var linked = new.state.applied
        linked.files.removeAll { $0.placement != .link }
        linked.links = []
        linked.directories = []
        let footprint = Footprint(of: linked)
        // Where a file becomes a folder or the other way round, there is no room for both.
        spans =
            old.number == new.number
            ? []
            : old.state.applied.files.filter { file in
                file.placement == .link && !footprint.leaves.contains(file.path)
                    && !footprint.parents.contains(file.path)
                    && !DevicePath.ancestors(of: file.path).contains {
                        footprint.leaves.contains($0)
                    }
            }
    }

    /// Puts the old bytes, whatever they are by now, into the new generation's folder.
    func build() throws {
        var touched: Set<String> = []
        for file in spans {
            let source = LinkPlacement.backing(of: file, in: old.number)
            guard try root.standing(at: source)?.kind == .file else { continue }
            let place = LinkPlacement.backing(of: file, in: new.number)
            try root.makeFolders(DevicePath.parent(of: place))
            try root.unlink(place, missingIsFine: true)
            try root.hardLink(source, at: place)
            touched.insert(DevicePath.parent(of: place))
        }
        for folder in touched.sorted() { try root.syncFolder(folder) }
    }

    /// Removes them when nothing leads there any more.
    func remove() throws {
        for file in spans {
            try root.unlink(
                LinkPlacement.backing(of: file, in: new.number), missingIsFine: true)
        }
    }
}
