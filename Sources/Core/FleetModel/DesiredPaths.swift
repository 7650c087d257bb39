package import Digests

/// A user and a group, as names or as decimal numbers. Names are looked up on the device.
package struct Ownership: Hashable, Sendable, CustomStringConvertible {
    package var user: String
    package var group: String

    package init(user: String, group: String) {
        self.user = user
        self.group = group
    }

    package static let root = Ownership(user: "root", group: "root")
    package var description: String { "\(user):\(group)" }
}

/// How often a file is placed.
package enum Creation: String, Equatable, Sendable, CaseIterable {
    case always
    /// Only where nothing stands; from then on it belongs to the device.
    case once
}

/// How a file comes to its path.
package enum Placement: String, Equatable, Sendable, CaseIterable {
    /// A real file, written beside its path and renamed.
    case copy
    /// A symbolic link through `current`: all such files change in the same instant.
    case link
}

package struct DesiredFile: Equatable, Sendable {
    /// Absolute, normalised.
    package var path: String
    package var bundle: String
    /// Of the final content, after substitution.
    package var content: ContentDigest
    package var size: Int
    /// Permission bits, at most 0o7777.
    package var mode: UInt16
    package var owner: Ownership
    package var placement: Placement
    package var create: Creation
    /// Nil takes the bundle's.
    package var drift: DriftPolicy?
    /// Extended attributes by their full names, such as `user.comment`.
    package var attributes: [String: String]
    /// Where the bytes are: the Git blob of the final content in the device's own object store.
    /// Not part of the canonical form, for it follows from the content.
    package var blob: ObjectID?

    package init(
        path: String, bundle: String, content: ContentDigest, size: Int, mode: UInt16 = 0o644,
        owner: Ownership = .root, placement: Placement = .copy, create: Creation = .always,
        drift: DriftPolicy? = nil, attributes: [String: String] = [:], blob: ObjectID? = nil
    ) {
        self.path = path
        self.bundle = bundle
        self.content = content
        self.size = size
        self.mode = mode
        self.owner = owner
        self.placement = placement
        self.create = create
        self.drift = drift
        self.attributes = attributes
        self.blob = blob
    }
}

/// A symbolic link as it is, whether or not something stands where it leads.
package struct DesiredLink: Equatable, Sendable {
    package var path: String
    package var bundle: String
    /// The link's text, absolute or relative to its folder.
    package var target: String
    /// Nil takes the bundle's.
    package var drift: DriftPolicy?

    package init(path: String, bundle: String, target: String, drift: DriftPolicy? = nil) {
        self.path = path
        self.bundle = bundle
        self.target = target
        self.drift = drift
    }
}

package struct DesiredDirectory: Equatable, Sendable {
    package var path: String
    package var bundle: String
    package var mode: UInt16
    package var owner: Ownership
    /// What stands in it and is not listed is removed. A shared directory leaves it alone.
    package var isOwned: Bool
    /// Nil takes the bundle's.
    package var drift: DriftPolicy?

    package init(
        path: String, bundle: String, mode: UInt16 = 0o755, owner: Ownership = .root,
        isOwned: Bool = false, drift: DriftPolicy? = nil
    ) {
        self.isOwned = isOwned
        self.drift = drift
        self.path = path
        self.bundle = bundle
        self.mode = mode
        self.owner = owner
    }
}
