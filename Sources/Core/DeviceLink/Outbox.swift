internal import FleetModel
package import WireMessages

/// What happened here and was not acknowledged yet, in rising sequence. Only an acknowledgement
/// that the aggregator signed after its commit takes something away; a broker's word never does.
///
/// It is bounded. When it is full the oldest events become counts; outcomes, which decide over
/// rollouts, become counts only where nothing else is left.
package struct Outbox: Equatable, Sendable {
    struct Entry: Equatable, Sendable {
        var event: DeviceEvent
        /// Of its line in the outbox's file.
        var bytes: Int
    }

    /// The epoch in which it began to count: sequences mean something only within it. Nil until the
    /// device knows which epoch is its own.
    package private(set) var origin: Int64?
    private(set) var entries: [Entry] = []
    /// Of all lines of the events that wait.
    package private(set) var bytes = 0
    /// Events that had to go before anybody heard of them, by kind.
    package private(set) var compacted: [String: Int] = [:]
    /// The highest sequence among them; 0 where there is none. The newest event is never among
    /// them, so the counts always have an event to travel with.
    package private(set) var compactedUpto: Int64 = 0
    package private(set) var acknowledged: Int64 = 0
    /// The highest sequence that was ever taken.
    package private(set) var last: Int64 = 0
    let limit: Int

    package init(limit: Int = Limits.outboxBytes) { self.limit = limit }

    package var count: Int { entries.count }
    package var isEmpty: Bool { entries.isEmpty }
    package var events: [DeviceEvent] { entries.map(\.event) }

    // MARK: Changing

    /// Takes what it does not hold yet of `events`, which are in rising sequence. An event that is
    /// older than the newest one fills a gap that a damaged file left.
    ///
    /// - Returns: what is to be kept.
    package mutating func take(_ events: [DeviceEvent]) -> [OutboxRecord] {
        var taken: [OutboxRecord] = []
        for event in events where event.sequence > max(acknowledged, compactedUpto) {
            guard insert(event) else { continue }
            taken.append(.event(event))
        }
        return taken
    }

    private mutating func insert(_ event: DeviceEvent) -> Bool {
        var index = entries.endIndex
        while index > 0, entries[index - 1].event.sequence >= event.sequence {
            if entries[index - 1].event.sequence == event.sequence { return false }
            index -= 1
        }
        let entry = Entry(event: event, bytes: OutboxRecord.event(event).line.count)
        entries.insert(entry, at: index)
        bytes += entry.bytes
        last = max(last, event.sequence)
        if bytes > limit { makeRoom() }
        return true
    }

    /// Empties it up to a sequence. Whoever acknowledges more than there ever was knows of a later
    /// life of this device, which nobody here remembers.
    package mutating func acknowledge(upto: Int64, origin: Int64) -> [OutboxRecord] {
        guard origin == self.origin, upto > acknowledged, upto <= last else { return [] }
        acknowledged = upto
        let gone = entries.prefix { $0.event.sequence <= upto }
        bytes -= gone.reduce(0) { $0 + $1.bytes }
        entries.removeFirst(gone.count)
        if upto >= compactedUpto {
            compacted = [:]
            compactedUpto = 0
        }
        return [.acknowledged(upto: upto)]
    }

    /// Begins to count in a new epoch: what waits is told again, under the same sequences.
    package mutating func begin(in epoch: Int64) -> [OutboxRecord] {
        if origin == epoch { return [] }
        origin = epoch
        return [.origin(epoch)]
    }

    // MARK: Room

    /// Room for many at once, so that a full outbox is not written anew for each event.
    private mutating func makeRoom() {
        compact(to: limit - limit / 8) { !$0.isOutcome }
        compact(to: limit) { _ in true }
    }

    private mutating func compact(to target: Int, where mayGo: (DeviceEvent) -> Bool) {
        guard bytes > target else { return }
        var kept: [Entry] = []
        kept.reserveCapacity(entries.count)
        for (index, entry) in entries.enumerated() {
            let isNewest = index == entries.count - 1
            guard bytes > target, !isNewest, mayGo(entry.event) else {
                kept.append(entry)
                continue
            }
            bytes -= entry.bytes
            compacted[entry.event.kind, default: 0] += 1
            compactedUpto = max(compactedUpto, entry.event.sequence)
        }
        entries = kept
    }

    // MARK: Telling

    /// What fits into one message, from the oldest on. It always begins with the first event that
    /// was not acknowledged: whoever acknowledges the last of a batch has heard of all before it,
    /// whatever was lost on the way.
    package func batch(limit: Int) -> OutboxBatch? {
        var events: [DeviceEvent] = []
        var size = 0
        for entry in entries.prefix(Limits.batchedEvents) {
            // In a signed message the event's own quotes are escaped once more.
            size += OutboxRecord.escapedSize(of: entry.event)
            if size > limit, !events.isEmpty { break }
            events.append(entry.event)
        }
        guard let newest = events.last else { return nil }
        // The counts stand for events between others, so they are told with those after them.
        let tellsCounts = newest.sequence > compactedUpto
        return OutboxBatch(
            events: events, compacted: tellsCounts ? compacted : [:],
            compactedUpto: tellsCounts ? compactedUpto : 0)
    }

    // MARK: Keeping

    /// All of it as records: what a file is written anew from.
    package var records: [OutboxRecord] {
        [
            .beginning(
                OutboxRecord.Beginning(
                    origin: origin, acknowledged: acknowledged, last: last, compacted: compacted,
                    compactedUpto: compactedUpto))
        ] + entries.map { .event($0.event) }
    }

    /// Does again what a record says.
    mutating func replay(_ record: OutboxRecord) {
        switch record {
        case .beginning(let beginning):
            self = Outbox(limit: limit)
            origin = beginning.origin
            acknowledged = beginning.acknowledged
            last = beginning.last
            compacted = beginning.compacted
            compactedUpto = beginning.compactedUpto
        case .event(let event):
            // A kept outcome may well be older than the newest event that became a count.
            if event.sequence > acknowledged { _ = insert(event) }
        case .acknowledged(let upto):
            if let origin { _ = acknowledge(upto: upto, origin: origin) }
        case .origin(let epoch):
            origin = epoch
        }
    }
}

/// Some events for one message.
package struct OutboxBatch: Equatable, Sendable {
    package var events: [DeviceEvent]
    package var compacted: [String: Int]
    package var compactedUpto: Int64

    /// The sequence whose acknowledgement covers all of it.
    package var upto: Int64 { events.last?.sequence ?? 0 }
}
