internal import Synchronization

/// The folders that one piece of work used last, open: opening each again for every file in it would
/// be half of all that the kernel does for us.
///
/// A folder that somebody moves meanwhile stays the one that it was, as it does for whoever opened it a
/// moment before. What this process itself moves or removes is forgotten first.
final class FolderMemory: Sendable {
    private struct Known {
        var path: String
        var folder: OpenFolder
    }

    private static let limit = 4
    private let known = Mutex<[Known]>([])

    /// What is done to a file and leaves every folder in its place.
    private static let harmless: Set<String> = [
        "create", "write", "synchronise", "append to", "link", "set the mode of",
        "set the owner of",
    ]

    func folder(at path: String) -> OpenFolder? {
        known.withLock { known in known.last { $0.path == path }?.folder }
    }

    func keep(_ folder: OpenFolder, at path: String) {
        known.withLock { known in
            if known.count == Self.limit { known.removeFirst() }
            known.append(Known(path: path, folder: folder))
        }
    }

    func forget(before operation: String, at path: String) {
        if Self.harmless.contains(operation) { return }
        known.withLock { known in
            if operation == "remove" {
                known.removeAll { DevicePath.isAt($0.path, orBelow: path) }
            } else {
                known.removeAll()
            }
        }
    }
}
