package import FleetModel

/// What differs between two desired states, path by path: what a flip from one to the other changes.
/// Only what is applied counts; who is only observed changes nothing.
package struct StateDifference: Equatable, Sendable {
    package enum Change: String, Equatable, Sendable {
        case added, changed, removed

        /// What the way back does.
        package var reversed: Change {
            switch self {
            case .added: .removed
            case .changed: .changed
            case .removed: .added
            }
        }
    }

    package struct PathChange: Equatable, Sendable {
        package var path: String
        package var change: Change
        package var bundle: String

        package init(path: String, change: Change, bundle: String) {
            self.path = path
            self.change = change
            self.bundle = bundle
        }
    }

    /// Files, sorted by path.
    package var files: [PathChange]
    /// Symbolic links, sorted by path.
    package var links: [PathChange]
    /// Directories, sorted by path.
    package var directories: [PathChange]

    package init(from old: DesiredState, to new: DesiredState) {
        let (old, new) = (old.applied, new.applied)
        files = Self.changes(old.files, new.files, \.path, \.bundle) { before, after in
            (before.content, before.mode, before.owner, before.placement)
                == (after.content, after.mode, after.owner, after.placement)
                && (before.create, before.attributes) == (after.create, after.attributes)
        }
        links = Self.changes(old.links, new.links, \.path, \.bundle) { before, after in
            before.target == after.target
        }
        directories = Self.changes(old.directories, new.directories, \.path, \.bundle) {
            before, after in
            (before.mode, before.owner, before.isOwned) == (after.mode, after.owner, after.isOwned)
        }
    }

    package var paths: [String] { (files + links + directories).map(\.path) }
    package var isEmpty: Bool { files.isEmpty && links.isEmpty && directories.isEmpty }

    /// What is left of it where some paths are on the disk already what they are to be: nobody needs
    /// a restart because of them.
    package func leavingOut(_ paths: Set<String>) -> StateDifference {
        var rest = self
        rest.files.removeAll { paths.contains($0.path) }
        rest.links.removeAll { paths.contains($0.path) }
        rest.directories.removeAll { paths.contains($0.path) }
        return rest
    }

    private static func changes<Item>(
        _ old: [Item], _ new: [Item], _ path: (Item) -> String, _ bundle: (Item) -> String,
        isSame: (Item, Item) -> Bool
    ) -> [PathChange] {
        let before = Dictionary(old.map { (path($0), $0) }, uniquingKeysWith: { first, _ in first })
        var remaining = before
        var changes: [PathChange] = []
        for item in new {
            remaining[path(item)] = nil
            guard let previous = before[path(item)] else {
                changes.append(PathChange(path: path(item), change: .added, bundle: bundle(item)))
                continue
            }
            if !isSame(previous, item) {
                changes.append(PathChange(path: path(item), change: .changed, bundle: bundle(item)))
            }
        }
        for item in remaining.values {
            changes.append(PathChange(path: path(item), change: .removed, bundle: bundle(item)))
        }
        return changes.sorted { $0.path < $1.path }
    }
}
