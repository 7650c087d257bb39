internal import DeviceBus
internal import Documents
internal import FleetModel

extension LinkStatus {
    /// What a person should know of it; nil when all is well, or is on its way to be.
    var concern: String? {
        if isStale {
            return order == nil
                ? "no order is believed any more"
                : "stale: no newer order came, or Git does not give what the order names"
        }
        if state == "up" { return problem }
        return problem.map { "the broker is not reached: \($0)" }
    }

    /// One line for people.
    var text: String {
        var parts = [since.map { "\(state) since \($0)" } ?? state]
        if outboxEvents > 0 { parts.append("\(outboxEvents) events wait") }
        if let order {
            let meaning = order.isOpen ? "open here" : "not open here"
            parts.append("order \(order.release.short) \(order.standing), \(meaning)")
        }
        if isStale { parts.append("STALE") }
        return parts.joined(separator: "; ")
    }
}

extension DeviceReport {
    static func told(_ link: LinkStatus) -> JSONValue {
        [
            "state": .string(link.state), "since": optional(link.since?.description),
            "epoch": link.epoch.map { .integer($0) } ?? .null,
            "problem": optional(link.problem),
            "outbox": [
                "events": .integer(Int64(link.outboxEvents)),
                "bytes": .integer(Int64(link.outboxBytes)),
            ],
            "order": link.order.map { order in
                [
                    "sequence": .integer(order.sequence), "release": .string(order.release.text),
                    "tip": .string(order.tip.text), "standing": .string(order.standing),
                    "open": .bool(order.isOpen), "issued": .string(order.issued.description),
                ]
            } ?? .null,
            "stale": .bool(link.isStale),
        ]
    }
}
