package import Documents
package import FleetModel
package import FleetTools

/// One device, as the list of devices tells it.
package struct DeviceRow: Sendable {
    package let id: String
    package let standing: Standing
    package let isOnline: Bool
    package let lastHeard: Instant?
    package let phase: String?
    package let generation: Int?
    package let isConfirmed: Bool
    package let revision: Revision?
    package let digest: String?
    /// The digest that its channel says it should have.
    package let expected: String?
    package let problem: String?
    package let alarm: String?
    package let drift: Int
    package let isHeld: Bool
    /// Whether it has not heard of the channel for longer than it should.
    package let isStale: Bool
    package let labels: [String: String]
    package let agent: String?
    package let wave: String?
    package let json: JSONValue

    init(_ answer: Answer) throws(OperatorError) {
        id = try answer.required("id", answer.text("id"))
        standing = Standing(try answer.required("state", answer.text("state")))
        isOnline = answer.text("presence") == "online"
        lastHeard = answer.instant("lastHeard")
        phase = answer.text("phase")
        generation = answer.integer("generation")
        isConfirmed = answer.isTrue("confirmed")
        revision = answer.text("revision").flatMap { Revision($0) }
        digest = answer.text("digest")
        expected = answer.text("expected")
        problem = answer.text("problem")
        alarm = answer.text("alarm")
        drift = answer.integer("drift") ?? 0
        isHeld = answer.isTrue("hold")
        isStale = answer.isTrue("stale")
        labels = Self.labels(answer.object("labels"))
        agent = answer.text("agent")
        wave = answer.text("wave")
        json = answer.json
    }

    /// In the list a label is its value; of one device each has its source as well.
    private static func labels(_ answer: Answer?) -> [String: String] {
        guard let answer else { return [:] }
        var labels: [String: String] = [:]
        for key in answer.keys {
            labels[key] = answer.text(key) ?? answer.object(key)?.text("value")
        }
        return labels
    }

    /// Whether anything that it says of itself was ever believed: each such report names a
    /// generation.
    var hasToldState: Bool { generation != nil }

    /// Whether it has another content than its channel says.
    var differs: Bool { expected != nil && digest != nil && expected != digest }
}

extension FleetServer {
    /// Of so many devices a page is made: the most that the aggregator gives.
    private static let page = 1_000

    /// All devices that fit, page by page.
    package func devices(_ search: DeviceSearch) async throws(OperatorError) -> [DeviceRow] {
        try await devices(search, pages: .max).rows
    }

    /// The first pages of the devices that fit, and the aggregator's counts of all of them.
    func devices(
        _ search: DeviceSearch, pages: Int
    ) async throws(OperatorError) -> DeviceList {
        var list = DeviceList()
        var after: String?
        var left = pages
        repeat {
            var parameters = search.parameters + [("limit", "\(Self.page)")]
            if let after { parameters.append(("after", after)) }
            let answer = try await get("/v1/devices", parameters)
            for row in try answer.requiredObjects("devices") {
                list.rows.append(try DeviceRow(row))
            }
            list.counts = StandingCounts(answer.object("counts"))
            list.total = answer.integer("total") ?? list.rows.count
            list.online = answer.integer("online") ?? 0
            left -= 1
            let next = answer.text("next")
            guard next == nil || next != after else {
                throw OperatorError(
                    .environment, "\(access.url) gives the same page of devices again and again",
                    fix: "Check that `flotilla` and `flotilla-aggregator` are of the same version.")
            }
            after = next
        } while after != nil && left > 0
        list.isWhole = after == nil
        return list
    }

    func device(_ id: DeviceID, _ leaf: String = "") async throws(OperatorError) -> Answer {
        try await get("/v1/devices/\(percentEncoded(id.text))\(leaf)")
    }
}

/// Devices that fit a search, and the aggregator's own counts of all of them.
struct DeviceList: Sendable {
    var rows: [DeviceRow] = []
    /// Whether all that fit are among the rows.
    var isWhole = false
    var total = 0
    var online = 0
    var counts = StandingCounts(nil)
}

/// Which devices are meant.
package struct DeviceSearch: Sendable {
    package var state: String?
    package var selector: String?
    package var hasDrift = false

    package init() {}

    var parameters: [(name: String, value: String)] {
        var parameters: [(name: String, value: String)] = []
        if let state { parameters.append(("state", state)) }
        if let selector { parameters.append(("selector", selector)) }
        if hasDrift { parameters.append(("drift", "true")) }
        return parameters
    }
}

/// The id of a device as somebody typed it.
package func deviceID(_ text: String) throws(OperatorError) -> DeviceID {
    if let id = DeviceID(text) { return id }
    throw OperatorError(
        .usage, "`\(text)` can't be the id of a device",
        fix: "`flotilla devices` lists them: \(DeviceID.rule).")
}
