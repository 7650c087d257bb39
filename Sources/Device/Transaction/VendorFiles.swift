internal import DeviceRecords
internal import FleetModel
internal import HostSystem

/// Keeps up with the vendor. A system upgrade may put a newer file where a managed one stood; when
/// the bundle leaves, that is what belongs there, and not the file of years ago.
///
/// Such a file is the vendor's when it came with another version of the system, or when dpkg wrote
/// it: a package that was unpacked after it came lists its path, and not as a configuration file,
/// which dpkg leaves alone where it was changed. Any other is somebody's edit, and drift.
struct VendorFiles {
    let store: RecordStore
    private var root: Root { store.root }

    private static let packages = "/var/lib/dpkg/info"
    /// A system with everything has some ten thousand files there.
    private static let packageFiles = 200_000
    private static let listBytes = 16 << 20

    init(store: RecordStore) { self.store = store }

    /// What the system is like now.
    func mark() throws -> SystemMark {
        SystemMark(
            system: try HostFacts.system(of: root),
            packages: try root.standing(at: Self.packages)?.modified)
    }

    /// Saves the vendor's newer files in place of older ones. To be called while what stands at the
    /// paths of `old` is either of the two generations', or somebody else's; looks only where the
    /// vendor was at work since the last time.
    func keep(
        replacing old: GenerationRecord, _ new: GenerationRecord, _ inspector: inout Inspector
    ) throws {
        let originals = Originals(store: store)
        var saved = try originals.read()
        let now = try mark()
        guard let seen = saved.seen, seen != now else { return }
        let others = Dictionary(
            new.state.applied.files.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
        for leaf in old.state.applied.leaves where !leaf.isOnce {
            let path = leaf.path
            guard let original = saved.originals[path],
                let status = try root.standing(at: path), status.kind == .file,
                status.size <= Limits.fileBytes
            else { continue }
            var ours = others[path].map { [$0] } ?? []
            if case .file(let file) = leaf { ours.append(file) }
            if try ours.contains(where: { try inspector.holds($0.content, at: path, status) }) {
                continue
            }
            let isVendors = try seen.system != now.system || wasUnpacked(path, status)
            guard isVendors, try !isSame(original, at: path, status, &inspector) else { continue }
            saved.originals[path] = try originals.copy(path, status)
            saved.systems[path] = now.system
        }
        saved.seen = now
        try originals.write(saved)
    }

    private func isSame(
        _ original: SavedFiles.Original, at path: String, _ status: FileStatus,
        _ inspector: inout Inspector
    ) throws -> Bool {
        guard case .file(let file) = original else { return false }
        return try inspector.holds(file.content, at: path, status)
    }

    /// Whether dpkg unpacked the file: the list of its package was written after it came.
    private func wasUnpacked(_ path: String, _ status: FileStatus) throws -> Bool {
        let line = Array(path.utf8)
        for name in try root.listFolder(Self.packages, limit: Self.packageFiles) ?? [] {
            guard name.utf8.suffix(5).elementsEqual(".list".utf8) else { continue }
            let list = DevicePath.join(Self.packages, name)
            guard let found = try root.standing(at: list), found.modified >= status.changed,
                try holds(line, in: list)
            else { continue }
            let conffiles = String(list.dropLast(5)) + ".conffiles"
            return try !holds(line, in: conffiles)
        }
        return false
    }

    private func holds(_ line: [UInt8], in path: String) throws -> Bool {
        guard let bytes = try root.readFile(path, limit: Self.listBytes) else { return false }
        return bytes.split(separator: UInt8(ascii: "\n")).contains { $0.elementsEqual(line) }
    }
}
