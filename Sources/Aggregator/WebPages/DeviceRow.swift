internal import Documents
internal import FleetModel

/// One line of the table of devices.
struct DeviceRow {
    let id: String
    let link: String
    let isChosen: Bool
    let isOnline: Bool
    let state: String
    let style: String
    let wave: String?
    let release: String?
    let fullRelease: String?
    /// It has another content than its channel says.
    let differs: Bool
    let generation: Int?
    let isUnconfirmed: Bool
    let drift: Int?
    let heard: Moment?
    let problem: String?
    let labels: [String]

    init?(_ json: JSONValue, selection: PageSelection, now: Instant) {
        guard let id = json.text("id") else { return nil }
        let standing = StandingWords(json.text("state") ?? "unknown")
        self.id = id
        isChosen = selection.device?.text == id
        link = selection.linkKeepingPage { $0.device = DeviceID(id) }
        isOnline = json.text("presence") == "online"
        state = standing.words
        style = standing.style
        wave = json.text("wave")
        fullRelease = json.text("revision")
        release = fullRelease.map(short)
        let (digest, expected) = (json.text("digest"), json.text("expected"))
        differs = expected != nil && digest != expected
        generation = json.integer("generation")
        isUnconfirmed = !json.isTrue("confirmed")
        drift = json.integer("drift").flatMap { $0 > 0 ? $0 : nil }
        heard = Moment(json["lastHeard"], now: now)
        problem =
            json.text("problem") ?? json.text("alarm").map(StandingWords.words)
            ?? (json.isTrue("hold") ? "held by a technician" : nil)
        labels = json.members("labels").compactMap { key, value in
            guard !Labels.builtInKeys.contains(key), case .string(let text) = value else {
                return nil
            }
            return "\(key)=\(text)"
        }
    }
}

extension PageSelection {
    /// The same with something changed that says nothing of the table.
    func linkKeepingPage(_ change: (inout PageSelection) -> Void) -> String {
        var selection = self
        change(&selection)
        return selection.link
    }
}

/// A commit as people name it.
func short(_ revision: String) -> String { String(revision.prefix(8)) }
