internal import Documents
internal import FleetCertificates
internal import FleetModel

/// `issued.json`: what the authority has issued, so that it can be revoked by name. It is written
/// before a certificate leaves, so none is unknown.
struct IssueRecord: Equatable {
    struct Entry: Equatable {
        var serial: String
        var role: BusRole
        var commonName: String
        var issued: Instant
        var notAfter: Instant
        var revoked: Instant?
    }

    var entries: [Entry] = []
    /// Of the last list of revoked certificates; each has a higher one.
    var listNumber: Int64 = 0

    static let entriesLimit = 1_000_000

    var revocations: [Revocation] {
        entries.compactMap { entry in
            entry.revoked.map { Revocation(serial: entry.serial, at: $0) }
        }
    }

    var json: JSONValue {
        [
            "format": 1, "listNumber": .integer(listNumber),
            "issued": .array(
                entries.map { entry in
                    var members: [String: JSONValue] = [
                        "serial": .string(entry.serial), "role": .string(entry.role.rawValue),
                        "name": .string(entry.commonName),
                        "issued": .integer(entry.issued.seconds),
                        "notAfter": .integer(entry.notAfter.seconds),
                    ]
                    members["revoked"] = entry.revoked.map { .integer($0.seconds) }
                    return .object(members)
                }),
        ]
    }

    init() {}

    init(reading node: Node, file: String) throws(InvalidDocument) {
        var reader = MappingReader(node, file: file, what: "the record")
        if reader.requiredNode("format") != nil { _ = reader.integer("format", in: 1...1) }
        listNumber = Int64(reader.integer("listNumber", in: 0...Int(Int32.max)) ?? 0)
        for element in reader.list("issued") {
            var entryReader = MappingReader(element, file: file, what: "an entry")
            let serial = entryReader.requiredText("serial")?.value
            let role = entryReader.choice("role", of: BusRole.self)
            let name = entryReader.requiredText("name")?.value
            func time(_ key: String) -> Instant? {
                entryReader.integer(key, in: 0...Int(Int64.max / 1_000_000_000))
                    .map { Instant(seconds: Int64($0)) }
            }
            let (issued, notAfter, revoked) = (time("issued"), time("notAfter"), time("revoked"))
            entryReader.finish()
            reader.take(entryReader.diagnostics)
            guard let serial, let role, let name, let issued, let notAfter else {
                if entryReader.diagnostics.isEmpty {
                    reader.report(
                        at: element.position, "an entry lacks a value",
                        fix: "Restore the file from a copy.")
                }
                continue
            }
            entries.append(
                Entry(
                    serial: serial, role: role, commonName: name, issued: issued,
                    notAfter: notAfter, revoked: revoked))
        }
        reader.finish()
        if !reader.diagnostics.isEmpty { throw InvalidDocument(reader.diagnostics) }
    }
}
