/// One server-sent event: what it is called, and what it says.
package struct ServerSentEvent: Equatable, Sendable {
    package var name: String
    package var data: String

    package init(name: String, data: String) {
        self.name = name
        self.data = data
    }
}

/// Turns the bytes of a `text/event-stream` into events, in whatever pieces they come.
package struct EventStreamParser {
    /// More than any event of ours has; a server that sends more is not ours.
    package static let eventBytes = 64 << 10

    private var line: [UInt8] = []
    private var name = ""
    private var data: [String] = []
    private var size = 0
    private var endsWithReturn = false

    package init() {}

    /// Nil when the stream is not to be believed any more.
    package mutating func feed(_ bytes: some Sequence<UInt8>) -> [ServerSentEvent]? {
        var events: [ServerSentEvent] = []
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "\n") where endsWithReturn: break  // The second half of one line end.
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                if let event = endLine() { events.append(event) }
            default:
                line.append(byte)
                size += 1
                if size > Self.eventBytes { return nil }
            }
            endsWithReturn = byte == UInt8(ascii: "\r")
        }
        return events
    }

    private mutating func endLine() -> ServerSentEvent? {
        defer { line = [] }
        if line.isEmpty { return dispatch() }
        let text = String(decoding: line, as: UTF8.self)
        let field = text.prefix { $0 != ":" }
        var value = text.dropFirst(field.count + 1)
        if value.first == " " { value = value.dropFirst() }
        switch field {
        case "event": name = String(value)
        case "data": data.append(String(value))
        // A comment that keeps the connection alive is no part of an event.
        case "": size -= line.count
        default: break
        }
        return nil
    }

    private mutating func dispatch() -> ServerSentEvent? {
        defer {
            name = ""
            data = []
            size = 0
        }
        guard !data.isEmpty else { return nil }
        return ServerSentEvent(
            name: name.isEmpty ? "message" : name, data: data.joined(separator: "\n"))
    }
}
