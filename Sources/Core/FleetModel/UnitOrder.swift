/// In which order units are handled: each after those that it waits for, and otherwise by name.
package struct UnitOrder: Equatable, Sendable {
    /// A unit, and those that come before it. Names that are no unit of the list don't count.
    package struct Entry: Equatable, Sendable {
        package var name: String
        package var after: [String]

        package init(_ name: String, after: [String]) {
            self.name = name
            self.after = after
        }
    }

    /// Every name once.
    package private(set) var names: [String] = []
    /// Units that wait for each other: each for the next one, and the last for the first. What closes
    /// a circle is passed over, so that there is an order all the same.
    package private(set) var cycles: [[String]] = []

    /// More of them tell nothing new.
    static let cycleLimit = 16

    package init(_ entries: [Entry]) {
        let waits = Dictionary(
            entries.map { ($0.name, $0.after) }, uniquingKeysWith: { $0 + $1 })
        var walk = Walk(waits: waits.mapValues { Set($0).filter { waits[$0] != nil }.sorted() })
        for name in waits.keys.sorted() { walk.visit(name) }
        names = walk.names
        cycles = walk.cycles
    }

    /// The names of `chosen` in this order; those that it does not know come last, by name.
    package func sorted(_ chosen: some Sequence<String>) -> [String] {
        var rest = Set(chosen)
        let known = names.filter { rest.remove($0) != nil }
        return known + rest.sorted()
    }
}

/// Goes through everything that a unit waits for before the unit itself, without recursion: a chain
/// may be as long as a manifest.
private struct Walk {
    private struct Step {
        var name: String
        var rest: ArraySlice<String>
    }

    let waits: [String: [String]]
    var names: [String] = []
    var cycles: [[String]] = []
    private var done: Set<String> = []
    private var open: Set<String> = []
    private var path: [Step] = []

    init(waits: [String: [String]]) { self.waits = waits }

    mutating func visit(_ start: String) {
        enter(start)
        while var step = path.popLast() {
            guard let next = step.rest.popFirst() else {
                open.remove(step.name)
                done.insert(step.name)
                names.append(step.name)
                continue
            }
            path.append(step)
            if open.contains(next) {
                guard cycles.count < UnitOrder.cycleLimit else { continue }
                cycles.append(Array(path.map(\.name).drop { $0 != next }))
            } else {
                enter(next)
            }
        }
    }

    private mutating func enter(_ name: String) {
        guard !done.contains(name) else { return }
        open.insert(name)
        path.append(Step(name: name, rest: (waits[name] ?? [])[...]))
    }
}
