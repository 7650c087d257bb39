internal import FleetModel

/// Where something happened, gathered until it is quiet: an editor writes a file in five steps, and
/// a package manager a thousand files.
package struct Touched: Equatable, Sendable {
    package private(set) var paths: Set<String> = []
    /// Something happened where systemd looks.
    package var units = false
    /// More happened than is known.
    package var everything = false

    package init() {}

    package var isEmpty: Bool { paths.isEmpty && !units && !everything }

    /// More paths than that are everything.
    static let pathLimit = 10_000

    package mutating func add(_ path: String) {
        paths.insert(path)
        if paths.count > Self.pathLimit { everything = true }
        if everything { paths = [] }
    }

    package mutating func formUnion(_ other: Touched) {
        units = units || other.units
        everything = everything || other.everything
        paths = everything ? [] : paths.union(other.paths)
        if paths.count > Self.pathLimit {
            everything = true
            paths = []
        }
    }
}

/// When to look at what was touched.
struct Gathering: Equatable, Sendable {
    /// So long nothing more must happen.
    static let quiet = Duration.milliseconds(500)
    /// So long it is waited for that, from the first on.
    static let longest = Duration.seconds(5)
    /// Between two looks at everything because the kernel could not keep up.
    static let floodPause = Duration.seconds(60)

    private(set) var touched = Touched()
    private var first: Instant?
    private var last: Instant?
    private var nextFlood = Instant(nanoseconds: .min)

    /// Nil where nothing was touched.
    var dueAt: Instant? {
        guard let first, let last else { return nil }
        let due = min(last + Self.quiet, first + Self.longest)
        return touched.everything ? max(due, nextFlood) : due
    }

    mutating func add(_ more: Touched, at now: Instant) {
        if more.isEmpty { return }
        touched.formUnion(more)
        first = first ?? now
        last = now
    }

    /// What was gathered, once it is due.
    mutating func take(at now: Instant) -> Touched? {
        guard let dueAt, now >= dueAt else { return nil }
        defer {
            touched = Touched()
            first = nil
            last = nil
        }
        if touched.everything { nextFlood = now + Self.floodPause }
        return touched
    }
}
