internal import FleetModel
internal import WireMessages

/// What came from the broker and was not looked into yet. What a device can say anew replaces what
/// it said before, so a device that floods the bus takes the place of itself and of nobody else;
/// devices take turns.
struct Intake {
    /// One message before it is believed.
    struct RawMessage: Equatable {
        var device: DeviceID
        var leaf: DeviceLeaf
        var payload: [UInt8]
    }

    private struct Pending {
        var presence: [UInt8]?
        var state: [UInt8]?
        var events: [[UInt8]] = []

        var count: Int { (presence == nil ? 0 : 1) + (state == nil ? 0 : 1) + events.count }
    }

    /// Batches of events that one device may have waiting. It sends again what was not acknowledged.
    static let eventsLimit = 4

    private let topics: FleetTopics
    private var pending: [DeviceID: Pending] = [:]
    /// The devices of `pending`, in the order of their turns; taken from `head` on.
    private var turns: [DeviceID] = []
    private var head = 0
    private(set) var count = 0

    init(topics: FleetTopics) { self.topics = topics }

    var isEmpty: Bool { count == 0 }

    mutating func add(topic: String, payload: [UInt8]) throws(DropReason) {
        guard case .device(let device, let leaf)? = topics.place(of: topic) else { throw .topic }
        guard payload.count <= Limits.mqttPayloadBytes else { throw .tooLarge }
        var waiting = pending[device] ?? Pending()
        if waiting.count == 0 { turns.append(device) }
        count -= waiting.count
        defer {
            count += waiting.count
            pending[device] = waiting
        }
        switch leaf {
        case .presence: waiting.presence = payload
        case .state: waiting.state = payload
        case .events:
            guard waiting.events.count < Self.eventsLimit else { throw .flood }
            waiting.events.append(payload)
        case .ack, .commands: throw .topic
        }
    }

    /// Up to so many messages, all that a device has at its turn: presence first, for it tells the
    /// epoch, and the state last, which is newer than what happened.
    mutating func take(_ limit: Int) -> [RawMessage] {
        var taken: [RawMessage] = []
        while taken.count < limit, head < turns.count {
            let device = turns[head]
            head += 1
            guard let waiting = pending.removeValue(forKey: device) else { continue }
            count -= waiting.count
            if let payload = waiting.presence {
                taken.append(RawMessage(device: device, leaf: .presence, payload: payload))
            }
            for payload in waiting.events {
                taken.append(RawMessage(device: device, leaf: .events, payload: payload))
            }
            if let payload = waiting.state {
                taken.append(RawMessage(device: device, leaf: .state, payload: payload))
            }
        }
        if head == turns.count {
            turns.removeAll(keepingCapacity: true)
            head = 0
        } else if head > 10_000 {
            turns.removeFirst(head)
            head = 0
        }
        return taken
    }
}
