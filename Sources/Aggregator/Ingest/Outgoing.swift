internal import MQTTLink

/// What is to be said on the bus. The newest message of a topic takes the place of an older one, so
/// it stays as small as the fleet is, however long the broker is away.
struct Outgoing {
    private var waiting: [String: LinkMessage] = [:]
    private var turns: [String] = []
    private var head = 0
    /// Retained messages, which every broker must be told that we come to.
    private var standing: [String: LinkMessage] = [:]

    mutating func add(_ message: LinkMessage) {
        if waiting.updateValue(message, forKey: message.topic) == nil {
            turns.append(message.topic)
        }
        if message.retain { standing[message.topic] = message }
    }

    /// After a connection came about: the broker may be another one, or have lost its memory.
    mutating func addStanding() {
        for message in standing.values { add(message) }
    }

    /// Messages that only meant something to who was connected then.
    mutating func dropPassing() {
        let kept = waiting.values.filter(\.retain)
        waiting = [:]
        turns = []
        head = 0
        for message in kept { add(message) }
    }

    var next: LinkMessage? {
        mutating get {
            while head < turns.count {
                if let message = waiting[turns[head]] { return message }
                head += 1
            }
            turns.removeAll(keepingCapacity: true)
            head = 0
            return nil
        }
    }

    /// What `next` gave is on its way.
    mutating func removeNext() {
        guard head < turns.count else { return }
        waiting.removeValue(forKey: turns[head])
        head += 1
        if head == turns.count {
            turns.removeAll(keepingCapacity: true)
            head = 0
        } else if head > 10_000 {
            turns.removeFirst(head)
            head = 0
        }
    }
}
