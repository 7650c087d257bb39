internal import FleetModel
internal import HostSystem

/// Where a desired state stands on the disk: its own paths, and the folders above them.
struct Footprint {
    let files: Set<String>
    let directories: Set<String>
    /// Without those that the state declares itself.
    let parents: Set<String>

    init(of state: DesiredState) {
        let files = Set(state.files.map(\.path))
        let directories = Set(state.directories.map(\.path))
        var parents: Set<String> = []
        for path in files.union(directories) {
            // Whoever holds a folder's parent holds all above it.
            var folder = DevicePath.parent(of: path)
            while parents.insert(folder).inserted, folder != "/" {
                folder = DevicePath.parent(of: folder)
            }
        }
        self.files = files
        self.directories = directories
        self.parents = parents.subtracting(directories)
    }

    func manages(_ path: String) -> Bool { files.contains(path) || directories.contains(path) }
}
