package import FleetModel
package import HostSystem

/// Hears at once when something happens to managed paths, through inotify, and says where.
///
/// It watches the folders in which managed paths stand, and the folders above those, so that a folder
/// that is moved away, made again or put under another is seen. What it can't watch is found by
/// scans, and it says so.
package final class ChangeWatch {
    private let root: Root
    private let limit: Int
    private var folders: FolderWatch?
    private var list: WatchList?
    private var pathsByWatch: [Int32: Set<String>] = [:]
    private var watchByPath: [String: Int32] = [:]
    private var gathering = Gathering()
    /// Folders that came, went or were moved, with all below them.
    private var moved: Set<String> = []
    private var hearsAt = Instant(nanoseconds: .min)
    /// Why folders are not watched.
    private var failures: [String: String] = [:]
    /// Why nothing is.
    private var trouble: String?
    /// What is not watched, and why; nil when everything is.
    package private(set) var problem: String?

    /// The kernel holds each watched folder in memory, a kilobyte of it that can't be swapped.
    package static let folderLimit = 4_096
    /// After hearing something: a folder in which a thousand files a second are made must not make
    /// the loop turn a thousand times.
    private static let deafness = Duration.milliseconds(100)

    package init(root: Root, folderLimit: Int = ChangeWatch.folderLimit) {
        self.root = root
        limit = folderLimit
    }

    // MARK: What is watched

    /// Watches for a generation from now on.
    package func watch(_ list: WatchList) {
        self.list = list
        moved = []
        if folders == nil { open() }
        for path in Array(watchByPath.keys) where list.folders[path] == nil { end(path) }
        failures = failures.filter { list.folders[$0.key] != nil }
        arm(Array(list.folders.keys))
    }

    private func open() {
        failures = [:]
        do throws(SystemError) {
            folders = try FolderWatch()
            trouble = nil
        } catch {
            trouble = error.description
        }
    }

    /// Parents first, so that none of them can change unseen once a folder in it is watched.
    private func arm(_ paths: [String]) {
        defer { noteProblem() }
        guard let list, folders != nil else { return }
        var full: String?
        for path in paths.sorted(by: { $0.utf8.count < $1.utf8.count }) {
            guard let role = list.folders[path] else { continue }
            failures[path] = nil
            if full == nil, watchByPath.count >= limit, watchByPath[path] == nil {
                full = "more than \(limit) folders hold managed paths"
            }
            if let full {
                failures[path] = full
                continue
            }
            do throws(SystemError) {
                try arm(path, role)
            } catch {
                // What is missing, or stands below a link, is told by the folder above it.
                if error.isMissing || error.isSymbolicLink { continue }
                failures[path] = error.description
                if error.isFull {
                    full = "the kernel's limit fs.inotify.max_user_watches is reached"
                    failures[path] = full
                }
            }
        }
    }

    private func noteProblem() {
        if let trouble {
            problem = "nothing is watched: \(trouble)"
        } else if let reason = failures.values.min() {
            let count = list?.folders.count ?? 0
            problem = "\(failures.count) of \(count) folders are not watched: \(reason)"
        } else {
            problem = nil
        }
    }

    private func arm(_ path: String, _ role: WatchList.Folder) throws(SystemError) {
        let interest: FolderWatch.Interest =
            role.isSubset(of: [.names, .running]) ? .names : .contents
        guard let watch = try folders?.add(path, interest, below: root) else { return }
        if let old = watchByPath[path], old != watch { end(path) }
        watchByPath[path] = watch
        pathsByWatch[watch, default: []].insert(path)
    }

    /// Two paths may be one folder, which stays watched for the other.
    private func end(_ path: String) {
        guard let watch = watchByPath.removeValue(forKey: path) else { return }
        pathsByWatch[watch]?.remove(path)
        if pathsByWatch[watch]?.isEmpty == true {
            pathsByWatch[watch] = nil
            folders?.remove(watch)
        }
    }

    // MARK: What happens

    /// To be read for the loop; nil for a moment after something was read.
    package func pollRequest(at now: Instant) -> PollRequest? {
        guard now >= hearsAt, let descriptor = folders?.descriptor else { return nil }
        return PollRequest(reading: descriptor)
    }

    /// When the loop should come by, though nothing can be read.
    package func wakeAt(_ now: Instant, isBusy: Bool) -> Instant {
        let due = isBusy ? nil : gathering.dueAt
        let hears = now < hearsAt ? hearsAt : nil
        return [due, hears].compactMap { $0 }.min() ?? Instant(nanoseconds: .max)
    }

    /// Takes in what happened.
    package func hear(at now: Instant) {
        guard folders != nil, now >= hearsAt else { return }
        do throws(SystemError) {
            guard let events = try folders?.events(), !events.isEmpty else { return }
            hearsAt = now + Self.deafness
            var touched = Touched()
            for event in events { take(event, &touched) }
            gathering.add(touched, at: now)
        } catch {
            // A queue that can't be read tells nothing any more.
            folders = nil
            watchByPath = [:]
            pathsByWatch = [:]
            trouble = error.description
            noteProblem()
        }
    }

    private func take(_ event: FolderWatch.Event, _ touched: inout Touched) {
        switch event {
        case .overflow:
            touched.everything = true
            moved = ["/"]
        case .entry(let watch, let name, let isNaming):
            for folder in pathsByWatch[watch] ?? [] {
                take(name, in: folder, isNaming: isNaming, &touched)
            }
        case .folder(let watch):
            for folder in pathsByWatch[watch] ?? [] { take(movedFolder: folder, &touched) }
        case .ended(let watch):
            for folder in pathsByWatch.removeValue(forKey: watch) ?? [] {
                watchByPath[folder] = nil
                take(movedFolder: folder, &touched)
            }
        }
    }

    private func take(
        _ name: String, in folder: String, isNaming: Bool, _ touched: inout Touched
    ) {
        guard let list, let role = list.folders[folder] else { return }
        let path = DevicePath.join(folder, name)
        if isNaming, list.folders[path] != nil {
            take(movedFolder: path, &touched)
        } else if list.item(at: path) != nil || list.mayBeExtra(name, in: folder) {
            touched.add(path)
        }
        if role.contains(.units) || role.contains(.running) && list.isRunningUnit(name) {
            touched.units = true
        }
    }

    private func take(movedFolder folder: String, _ touched: inout Touched) {
        moved.insert(folder)
        touched.add(folder)
        if list?.hasUnits(below: folder) == true { touched.units = true }
    }

    /// What was touched, once it is quiet; nil before.
    package func takeTouched(at now: Instant) -> Touched? {
        guard let touched = gathering.take(at: now) else { return nil }
        // Watched again before anybody looks: what happens in between is heard.
        armMoved()
        return touched
    }

    private func armMoved() {
        guard let list, !moved.isEmpty else { return }
        let again = list.folders.keys.filter { path in
            moved.contains(path) || DevicePath.ancestors(of: path).contains(where: moved.contains)
        }
        moved = []
        for path in again { end(path) }
        arm(again)
    }
}
