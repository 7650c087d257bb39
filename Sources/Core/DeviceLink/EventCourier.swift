internal import FleetModel
internal import WireMessages

/// Decides when events are told. One batch is under way at a time, and each begins with the first
/// event that was not acknowledged: so an acknowledgement never covers something that was lost on
/// the way, whoever lost it.
struct EventCourier: ~Copyable, Sendable {
    private let pace: LinkPace
    /// The newest event that was sent in this session and not acknowledged.
    private var sentUpto: Int64 = 0
    private var sentAt = Instant(nanoseconds: 0)
    /// How often in a row nobody answered.
    private var silences = 0

    init(pace: LinkPace) { self.pace = pace }

    private var isUnderWay: Bool { sentUpto > 0 }

    /// A new session: everything that waits is told again.
    mutating func begin() { sentUpto = 0 }

    mutating func acknowledged(upto: Int64) {
        silences = 0
        if upto >= sentUpto { sentUpto = 0 }
    }

    /// When something is to be told, at the latest.
    func dueAt(_ outbox: Outbox) -> Instant {
        if outbox.isEmpty { return Instant(nanoseconds: .max) }
        guard isUnderWay else { return Instant(nanoseconds: .min) }
        let resend = sentAt + pace.resendDelay(after: silences)
        // The first silence may only mean that the aggregator is busy; the tenth that it is away.
        let isNews = outbox.last > sentUpto && silences == 0
        return isNews ? min(resend, sentAt + pace.eventPatience) : resend
    }

    mutating func take(_ outbox: Outbox, at now: Instant, limit: Int) -> OutboxBatch? {
        guard now >= dueAt(outbox), let batch = outbox.batch(limit: limit) else { return nil }
        if isUnderWay, now >= sentAt + pace.resendDelay(after: silences) { silences += 1 }
        sentUpto = batch.upto
        sentAt = now
        return batch
    }
}
