/// What happened and was not asked for yet. It always takes what it is given; when it is full,
/// nothing more is read from the broker, so nothing is lost.
final class EventQueue {
    private var events: [LinkEvent] = []
    private var next = 0
    private var messages = 0
    private var bytes = 0
    private let messageLimit: Int
    private let byteLimit: Int

    init(messageLimit: Int, byteLimit: Int) {
        self.messageLimit = messageLimit
        self.byteLimit = byteLimit
    }

    var isFull: Bool { messages >= messageLimit || bytes >= byteLimit }

    func push(_ event: LinkEvent) {
        if case .received(let message) = event {
            messages += 1
            bytes += message.bytes
        }
        events.append(event)
    }

    func pop() -> LinkEvent? {
        guard next < events.count else { return nil }
        let event = events[next]
        next += 1
        if next == events.count {
            events.removeAll(keepingCapacity: next <= 64)
            next = 0
        } else if next >= 1_024 {
            events.removeFirst(next)
            next = 0
        }
        if case .received(let message) = event {
            messages -= 1
            bytes -= message.bytes
        }
        return event
    }
}
