internal import FleetModel

/// The orders in which units are started and stopped.
struct UnitSorting {
    private let starting: UnitOrder
    private let stopping: UnitOrder

    /// `names` are all that are to be sorted; `units` say what comes after what.
    init(_ names: some Sequence<String>, as units: [DesiredUnit]) {
        let names = Set(names)
        let after = Dictionary(units.map { ($0.name, $0.after) }, uniquingKeysWith: { $1 })
        var starts: [UnitOrder.Entry] = []
        var stops: [UnitOrder.Entry] = []
        for name in names.sorted() {
            let wanted = after[name] ?? []
            starts.append(UnitOrder.Entry(name, after: wanted))
            // What was started last is stopped first.
            stops.append(UnitOrder.Entry(name, after: []))
            let started = UnitPaths.started(by: name)
            stops += wanted.filter { $0 != started }.compactMap { other in
                UnitPaths.started(by: other) == name
                    ? nil : UnitOrder.Entry(other, after: [name])
            }
            guard let started, names.contains(started) else { continue }
            // A socket can't be opened while its service runs, and what starts others must be gone
            // before those, or it starts them again.
            if UnitPaths.isSocket(name) {
                starts.append(UnitOrder.Entry(started, after: [name]))
            }
            stops.append(UnitOrder.Entry(started, after: [name]))
        }
        starting = UnitOrder(starts)
        stopping = UnitOrder(stops)
    }

    func toStart(_ names: some Sequence<String>) -> [String] { starting.sorted(names) }
    func toStop(_ names: some Sequence<String>) -> [String] { stopping.sorted(names) }
}
