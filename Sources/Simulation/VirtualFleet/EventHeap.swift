internal import FleetModel

/// What is going to happen, the earliest first; of two things at one moment, the one that was
/// planned first.
struct EventHeap<Event> {
    private struct Entry {
        var time: Instant
        var number: Int
        var event: Event

        func isBefore(_ other: Entry) -> Bool {
            (time.nanoseconds, number) < (other.time.nanoseconds, other.number)
        }
    }

    private var entries: [Entry] = []
    private var planned = 0

    var isEmpty: Bool { entries.isEmpty }
    var nextTime: Instant? { entries.first?.time }

    mutating func plan(_ event: Event, at time: Instant) {
        entries.append(Entry(time: time, number: planned, event: event))
        planned += 1
        var child = entries.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard entries[child].isBefore(entries[parent]) else { break }
            entries.swapAt(child, parent)
            child = parent
        }
    }

    mutating func next() -> (time: Instant, event: Event)? {
        guard let first = entries.first else { return nil }
        let last = entries.removeLast()
        if !entries.isEmpty {
            entries[0] = last
            sink()
        }
        return (first.time, first.event)
    }

    private mutating func sink() {
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < entries.count {
                if entries[child].isBefore(entries[least]) { least = child }
            }
            guard least != parent else { return }
            entries.swapAt(parent, least)
            parent = least
        }
    }
}
