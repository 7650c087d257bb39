internal import FleetModel
internal import HostSystem

/// What a staged object gets besides bytes, mode and owner.
///
/// The security label of what stands at the path goes over to what replaces it, for whoever is
/// confined by labels must go on reading the path. Where nothing stands the kernel's own rule for new
/// files decides. Capabilities never go over: they were given to other bytes.
struct Dressing {
    private static let labels = ["security.selinux", "security.SMACK64"]
    private let root: Root
    private var foldersWithDefaults: [String: Bool] = [:]

    init(root: Root) { self.root = root }

    /// Durable when it returns. Does nothing where there is nothing to do.
    mutating func dress(_ leaf: Leaf, at staged: String) throws {
        var attributes = try labels(of: leaf.path)
        var unwanted: [String] = []
        if case .file(let file) = leaf, file.placement == .copy {
            for (name, text) in file.attributes { attributes[name] = Array(text.utf8) }
            // A default list of the folder would let more people in than the mode says.
            if try hasDefaultList(DevicePath.parent(of: staged)) {
                unwanted.append(AccessControlList.attribute)
            }
        }
        if attributes.isEmpty && unwanted.isEmpty { return }
        try root.setAttributes(attributes, without: unwanted, of: staged)
        // Taking a list away leaves its mask behind in the mode.
        if case .file(let file) = leaf, !unwanted.isEmpty { try root.setMode(staged, file.mode) }
    }

    /// The label of a folder goes over to the one that takes its place.
    func dress(folder: String, at staged: String) throws {
        let attributes = try labels(of: folder)
        if !attributes.isEmpty { try root.setAttributes(attributes, of: staged) }
    }

    private func labels(of path: String) throws -> [String: [UInt8]] {
        guard let status = try root.standing(at: path), status.kind != .other else { return [:] }
        return try root.attributes(Self.labels, of: path)
    }

    private mutating func hasDefaultList(_ folder: String) throws -> Bool {
        if let known = foldersWithDefaults[folder] { return known }
        let has = try root.attribute(AccessControlList.defaultAttribute, of: folder) != nil
        foldersWithDefaults[folder] = has
        return has
    }
}
