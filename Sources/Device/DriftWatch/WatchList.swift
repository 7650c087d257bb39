package import DeviceRecords
internal import FleetModel
internal import HostSystem
internal import Transaction
internal import UnitPlanning

/// What a generation wants watched, item by item, and the folders in which something may happen to
/// it. Made once for a generation, which never changes.
package struct WatchList {
    struct Item {
        enum Part {
            case directory(DesiredDirectory)
            case file(DesiredFile)
            case link(DesiredLink)
        }

        var part: Part
        var policy: DriftPolicy

        var path: String {
            switch part {
            case .directory(let directory): directory.path
            case .file(let file): file.path
            case .link(let link): link.path
            }
        }
    }

    /// What is of interest in a folder.
    struct Folder: OptionSet {
        let rawValue: UInt8
        /// Folders of the list stand in it.
        static let names = Folder(rawValue: 1)
        /// Managed paths stand in it.
        static let contents = Folder(rawValue: 2)
        /// systemd reads it, and people write it.
        static let units = Folder(rawValue: 4)
        /// All that stands in it is ours.
        static let owned = Folder(rawValue: 8)
        /// systemd keeps a link in it for each unit that runs.
        static let running = Folder(rawValue: 16)
    }

    struct Unit {
        var wanted: DesiredUnit
        var policy: DriftPolicy
    }

    let generation: Int
    private(set) var items: [Item] = []
    private(set) var units: [Unit] = []
    private(set) var folders: [String: Folder] = [:]
    private var unitFolders: [String] = []
    /// Managed paths, and where the bytes of linked files are, to the items.
    private var places: [String: Int] = [:]
    /// The same in the order of their bytes, so that what lies below a folder stands together.
    private var ordered: [String] = []
    /// For the inspector: the record without what is in the items.
    private var shell: GenerationRecord
    /// What each owned directory may hold, by the directory.
    private var owned: [String: DesiredState] = [:]
    /// All managed paths, also those that nobody watches.
    private let managed: Set<String>

    package init(_ record: GenerationRecord) {
        generation = record.number
        shell = record
        shell.state = DesiredState(bundles: record.state.bundles)
        let state = record.state
        managed = Set(
            state.files.map(\.path) + state.links.map(\.path) + state.directories.map(\.path))
        let policies = DriftPolicies(state.bundles)
        for directory in state.directories {
            add(.directory(directory), policies.of(directory.bundle, directory.drift))
        }
        for file in state.files { add(.file(file), policies.of(file.bundle, file.drift)) }
        for link in state.links { add(.link(link), policies.of(link.bundle, link.drift)) }
        for unit in state.units {
            let policy = policies.of(unit.bundle, unit.drift)
            if policy != .ignore { units.append(Unit(wanted: unit, policy: policy)) }
        }
        ordered = places.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        gatherOwned(state)
        gatherFolders()
    }

    private mutating func add(_ part: Item.Part, _ policy: DriftPolicy) {
        if policy == .ignore { return }
        let item = Item(part: part, policy: policy)
        places[item.path] = items.count
        if case .file(let file) = part, file.placement == .link {
            places[Self.backing(of: file, in: generation)] = items.count
        }
        items.append(item)
    }

    private static func backing(of file: DesiredFile, in generation: Int) -> String {
        StateLayout.files(of: generation) + file.path
    }

    private mutating func gatherOwned(_ state: DesiredState) {
        for item in items {
            guard case .directory(let directory) = item.part, directory.isOwned else { continue }
            // One in another is looked at with that.
            if isBelowOwned(directory.path, state) { continue }
            func isInside(_ path: String) -> Bool {
                DevicePath.isAt(path, orBelow: directory.path)
            }
            owned[directory.path] = DesiredState(
                bundles: state.bundles, files: state.files.filter { isInside($0.path) },
                links: state.links.filter { isInside($0.path) },
                directories: state.directories.filter { isInside($0.path) })
        }
    }

    private func isBelowOwned(_ path: String, _ state: DesiredState) -> Bool {
        let above = DevicePath.ancestors(of: path)
        return state.directories.contains { $0.isOwned && above.contains($0.path) }
    }

    private mutating func gatherFolders() {
        for item in items {
            watch(DevicePath.parent(of: item.path), .contents)
            for folder in DevicePath.ancestors(of: item.path) { watch(folder, .names) }
            // An in-place edit through the link is seen where the bytes are.
            if case .file(let file) = item.part, file.placement == .link {
                let backing = Self.backing(of: file, in: generation)
                watch(DevicePath.parent(of: backing), .contents)
            }
        }
        for (path, state) in owned {
            watch(path, [.contents, .owned])
            let inside = state.files.map(\.path) + state.links.map(\.path)
            let parents = inside.map(DevicePath.parent(of:)) + state.directories.map(\.path)
            for parent in parents {
                for folder in DevicePath.ancestors(of: parent) + [parent]
                where DevicePath.isAt(folder, orBelow: path) {
                    watch(folder, [.contents, .owned])
                }
            }
        }
        if units.isEmpty { return }
        for folder in UnitDrift.adminFolders {
            watch(folder, .units)
            for ancestor in DevicePath.ancestors(of: folder) { watch(ancestor, .names) }
            for unit in units { watch("\(folder)/\(unit.wanted.name).d", .units) }
        }
        // Where most units are enabled; a scan looks at all of them.
        for target in ["multi-user", "sockets", "timers"] {
            watch("/etc/systemd/system/\(target).target.wants", .units)
        }
        watch(Self.runningUnits, .running)
        for ancestor in DevicePath.ancestors(of: Self.runningUnits) { watch(ancestor, .names) }
        unitFolders = folders.filter { $0.value.contains(.units) }.map(\.key)
    }

    private mutating func watch(_ folder: String, _ interest: Folder) {
        folders[folder, default: []].formUnion(interest)
    }

    // MARK: Questions

    /// How units differ, with what is known of this generation's paths.
    func unitDrift(exists: @escaping (String) -> Bool) -> UnitDrift {
        UnitDrift(managed: managed, exists: exists)
    }

    /// Where the inspector reads.
    var inspectedPlaces: Set<String> { Set(places.keys) }

    /// The item of a path, or of the place where a link's bytes are.
    func item(at path: String) -> Int? { places[path] }

    /// Whether systemd reads a folder, or one below it.
    func hasUnits(below folder: String) -> Bool {
        unitFolders.contains { DevicePath.isAt($0, orBelow: folder) }
    }

    /// Where systemd(1) makes a link for each unit that is started, and removes it when the unit stops.
    private static let runningUnits = "/run/systemd/units"

    /// Whether a link of such a folder is that of a unit of ours.
    func isRunningUnit(_ name: String) -> Bool {
        units.contains { name == "invocation:\($0.wanted.name)" }
    }

    /// Whether something in an owned directory is of interest, though it is no managed path.
    func mayBeExtra(_ name: String, in folder: String) -> Bool {
        folders[folder]?.contains(.owned) == true
            && !name.utf8.starts(with: ManagedPath.reservedPrefix.utf8)
    }

    /// The items that something at a path may have changed: the path's own, those below it, and the
    /// owned directories around it.
    func items(touchedBy path: String) -> Set<Int> {
        var touched: Set<Int> = []
        if let item = places[path] { touched.insert(item) }
        if folders[path] != nil {
            for place in placesBelow(path) {
                if let item = places[place] { touched.insert(item) }
            }
        }
        for folder in DevicePath.ancestors(of: path) where owned[folder] != nil {
            if let item = places[folder] { touched.insert(item) }
        }
        return touched
    }

    private func placesBelow(_ folder: String) -> ArraySlice<String> {
        if folder == "/" { return ordered[...] }
        let start = Array((folder + "/").utf8)
        var (low, high) = (0, ordered.count)
        while low < high {
            let middle = (low + high) / 2
            if ordered[middle].utf8.lexicographicallyPrecedes(start) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return ordered[low...].prefix { $0.utf8.starts(with: start) }
    }

    /// A generation of a few items only, for the inspector.
    func piece(_ chosen: some Sequence<Int>) -> GenerationRecord {
        var piece = shell
        for index in chosen {
            switch items[index].part {
            case .directory(var directory):
                // What else stands in it is asked of `ownedPiece`, which knows what may.
                directory.isOwned = false
                piece.state.directories.append(directory)
            case .file(let file): piece.state.files.append(file)
            case .link(let link): piece.state.links.append(link)
            }
        }
        return piece
    }

    /// The same of an owned directory with all that it lists; nil where an item is none.
    func ownedPiece(_ index: Int) -> (piece: GenerationRecord, directory: String)? {
        let path = items[index].path
        guard let state = owned[path] else { return nil }
        var piece = shell
        piece.state = state
        return (piece, path)
    }
}
