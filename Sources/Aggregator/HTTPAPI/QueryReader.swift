internal import Documents
internal import FleetAnswers
internal import FleetModel
internal import HTTPTypes

/// Reads the part of an address behind the `?`, name by name. What nobody asked for is an error:
/// a misspelt filter would otherwise show everything and look like an answer.
struct QueryReader {
    private var values: [String: String] = [:]
    private var known: [String] = []

    init(_ query: String?) throws(APIFault) {
        guard let text = URLEncodedText(query ?? "") else { throw .brokenRequest }
        for (name, value) in text.pairs {
            guard values.updateValue(value, forKey: name) == nil else {
                throw .wrongParameter(name, "is given twice", fix: "Give it once.")
            }
        }
    }

    /// The value of a name; one that is empty is as good as none, as browsers send it for a field
    /// that nobody filled in.
    mutating func text(_ name: String) -> String? {
        known.append(name)
        guard let value = values[name], !value.isEmpty else { return nil }
        return value
    }

    mutating func integer(_ name: String, in range: ClosedRange<Int64>) throws(APIFault) -> Int64? {
        guard let text = text(name) else { return nil }
        guard let value = Int64(text), range.contains(value) else {
            throw .wrongParameter(
                name, "must be a whole number from \(range.lowerBound) to \(range.upperBound)",
                fix: "Write `\(name)=\(range.lowerBound)`, for example.")
        }
        return value
    }

    mutating func limit(in range: ClosedRange<Int>, default: Int) throws(APIFault) -> Int {
        let range = Int64(range.lowerBound)...Int64(range.upperBound)
        return try integer("limit", in: range).map { Int($0) } ?? `default`
    }

    mutating func device(_ name: String) throws(APIFault) -> DeviceID? {
        guard let text = text(name) else { return nil }
        guard let id = DeviceID(text) else {
            throw .wrongParameter(name, "can't be the id of a device", fix: "Use \(DeviceID.rule).")
        }
        return id
    }

    func finish() throws(APIFault) {
        guard let unknown = values.keys.filter({ !known.contains($0) }).min() else { return }
        let nearest = known.min { editDistance($0, unknown) < editDistance($1, unknown) }
        let fix =
            if let nearest, editDistance(nearest, unknown) <= 2 {
                "Did you mean `\(nearest)`?"
            } else if known.isEmpty {
                "Leave it out: nothing can be given here."
            } else {
                "Leave it out; what can be given here: \(known.joined(separator: ", "))."
            }
        throw APIFault(
            .badRequest, "unknownParameter", "nothing is known of `\(unknown.prefix(40))` here",
            fix: fix)
    }
}

extension DeviceQuery {
    init(_ reader: inout QueryReader) throws(APIFault) {
        self.init()
        if let state = reader.text("state") {
            guard Self.standings.contains(state) else {
                throw .wrongParameter(
                    "state", "can't be `\(state.prefix(40))`",
                    fix: "Use one of: \(Self.standings.joined(separator: ", ")).")
            }
            standing = state
        }
        if let text = reader.text("selector") {
            do throws(TextFault) {
                selector = try Selector(text)
            } catch {
                throw .wrongParameter(
                    "selector", "is no label selector: \(error.message)", fix: error.fix)
            }
        }
        switch reader.text("drift") {
        case nil, "false": onlyDrifting = false
        case "true": onlyDrifting = true
        case .some:
            throw .wrongParameter(
                "drift", "must be true or false", fix: "Write `drift=true`, or leave it out.")
        }
        text = reader.text("text")
        if let text, text.utf8.count > Self.longestText {
            throw .wrongParameter(
                "text", "has more than \(Self.longestText) bytes",
                fix: "Search for a part of it.")
        }
        after = try reader.device("after")
        limit = try reader.limit(in: Self.limits, default: Self.defaultLimit)
    }
}

extension EventQuery {
    init(_ reader: inout QueryReader) throws(APIFault) {
        self.init(
            after: try reader.integer("after", in: 0...Int64.max),
            device: try reader.device("device"),
            limit: try reader.limit(in: Self.limits, default: Self.defaultLimit))
    }
}
