internal import FleetModel
internal import HostSystem

/// Where a desired state stands on the disk: its own paths, and the folders above them.
struct Footprint {
    /// Files and links, without those that are placed once and then belong to the device.
    let leaves: Set<String>
    let directories: Set<String>
    let once: Set<String>
    /// Without those that the state declares itself.
    let parents: Set<String>
    /// What bundles name that are only observed, and the folders above that. Nothing of it is ours.
    let observed: Set<String>
    /// The owned directories that are in no other one. Everything below them is decided here.
    let owned: Set<String>

    /// - Parameter state: With what is only observed, for that must be spared.
    init(of state: DesiredState) {
        let applied = state.applied
        let leaves = applied.leaves
        let directories = Set(applied.directories.map(\.path))
        let all = directories.union(leaves.map(\.path))
        self.leaves = Set(leaves.filter { !$0.isOnce }.map(\.path))
        self.directories = directories
        once = Set(leaves.filter(\.isOnce).map(\.path))
        parents = Self.folders(above: all).subtracting(directories)
        let seen = state.observed
        let observed = Set(seen.leaves.map(\.path)).union(seen.directories.map(\.path))
        self.observed = observed.union(Self.folders(above: observed))
        let owned = Set(applied.directories.filter(\.isOwned).map(\.path))
        self.owned = owned.filter { path in
            !DevicePath.ancestors(of: path).contains { owned.contains($0) }
        }
    }

    private static func folders(above paths: Set<String>) -> Set<String> {
        var folders: Set<String> = []
        for path in paths {
            // Whoever holds a folder's parent holds all above it.
            var folder = DevicePath.parent(of: path)
            while folders.insert(folder).inserted, folder != "/" {
                folder = DevicePath.parent(of: folder)
            }
        }
        return folders
    }

    func manages(_ path: String) -> Bool { leaves.contains(path) || directories.contains(path) }

    /// Whether a folder is to stand at the path.
    func isFolder(_ path: String) -> Bool { directories.contains(path) || parents.contains(path) }

    func hasLeaf(above path: String) -> Bool {
        DevicePath.ancestors(of: path).contains { leaves.contains($0) || once.contains($0) }
    }

    /// Whether the path may stand in an owned directory.
    func lists(_ path: String) -> Bool {
        leaves.contains(path) || isFolder(path) || once.contains(path) || observed.contains(path)
    }

    /// The owned directory that a path lies in.
    func owner(of path: String) -> String? {
        if owned.isEmpty { return nil }
        var folder = path
        while folder != "/" {
            folder = DevicePath.parent(of: folder)
            if owned.contains(folder) { return folder }
        }
        return nil
    }

    /// Whether something in an owned directory is not ours to replace, so that the directory can't
    /// change as a whole.
    func sharesPlaces(in directory: String) -> Bool {
        once.union(observed).contains {
            $0 != directory && DevicePath.isAt($0, orBelow: directory)
        }
    }

    /// The folders of an owned directory below itself, from the top.
    func folders(in directory: String) -> [String] {
        directories.union(parents).filter {
            $0 != directory && DevicePath.isAt($0, orBelow: directory)
        }.sorted()
    }
}
