internal import Digests
internal import FleetModel

/// The fleet repository and its server, which may be hostile.
struct VirtualGit {
    struct Commit {
        var number: Int
        var parent: Int?
        var isSigned: Bool
        /// What each role has under it.
        var contents: [String: Int]
        var manifest: RolloutManifest
        let revision: Revision
        let tree: ObjectID
        /// Of what each role has.
        let digests: [String: ContentDigest]
    }

    private(set) var commits: [Commit] = []
    /// What the server gives as the channel's tip.
    var served = 0
    /// The last release that was signed.
    private(set) var head = 0
    /// How many devices of a thousand are not well with a content.
    private(set) var badness: [Int: Int] = [:]
    private var byRevision: [Revision: Int] = [:]
    private var lastContent = 0

    static let roles = ["gateway", "kiosk", "sensor"]

    init(_ manifest: RolloutManifest) {
        let contents = Dictionary(uniqueKeysWithValues: Self.roles.map { ($0, 0) })
        _ = add(parent: nil, isSigned: true, contents: contents, manifest)
    }

    subscript(number: Int) -> Commit { commits[number] }
    func number(of revision: Revision) -> Int? { byRevision[revision] }

    private mutating func add(
        parent: Int?, isSigned: Bool, contents: [String: Int], _ manifest: RolloutManifest
    ) -> Int {
        let number = commits.count
        let commit = Commit(
            number: number, parent: parent, isSigned: isSigned, contents: contents,
            manifest: manifest, revision: Self.id("commit \(number)"),
            tree: Self.id("tree \(number)"),
            digests: Dictionary(
                uniqueKeysWithValues: contents.map { role, content in
                    (role, SHA256.hash("content \(content) \(role)".utf8))
                }))
        commits.append(commit)
        byRevision[commit.revision] = number
        return number
    }

    private static func id(_ text: String) -> ObjectID {
        guard let id = ObjectID(SHA256.hash(text.utf8).description.prefix(40)) else {
            fatalError("40 digits are an id")
        }
        return id
    }

    /// A release that changes what these roles have.
    mutating func release(
        changing roles: [String], badness share: Int, _ manifest: RolloutManifest
    ) {
        lastContent += 1
        badness[lastContent] = share
        var contents = commits[head].contents
        for role in roles { contents[role] = lastContent }
        head = add(parent: head, isSigned: true, contents: contents, manifest)
        served = head
    }

    /// A commit on top of the head that nobody signed.
    mutating func serveUnsigned() {
        lastContent += 1
        let contents = Dictionary(uniqueKeysWithValues: Self.roles.map { ($0, lastContent) })
        served = add(parent: head, isSigned: false, contents: contents, commits[head].manifest)
    }

    /// The way from `floor` to `tip`, both included; nil where the tip is not on it.
    func chain(from floor: Int, to tip: Int) -> [Int]? {
        var way = [tip]
        while let last = way.last, last != floor {
            guard let parent = commits[last].parent else { return nil }
            way.append(parent)
        }
        return way.reversed()
    }

    func digest(of number: Int, for role: String) -> ContentDigest {
        guard let digest = commits[number].digests[role] else { fatalError("there is no \(role)") }
        return digest
    }

    /// Whether a device is well with what a commit gives it.
    func isWell(_ device: DeviceID, with number: Int, role: String) -> Bool {
        guard let content = commits[number].contents[role], let share = badness[content] else {
            return true
        }
        if share == 0 { return true }
        let hash = SHA256.hash("\(content) \(device)".utf8).bytes
        return (Int(hash[0]) << 8 | Int(hash[1])) % 1_000 >= share
    }
}
