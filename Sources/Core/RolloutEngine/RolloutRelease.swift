internal import Digests
package import FleetModel
internal import WireMessages

/// A verified release of the channel that is to reach the devices.
package struct RolloutRelease: Equatable, Sendable {
    package var revision: Revision
    package var tree: ObjectID
    /// The waves that the release itself brings; nil where it says `rollout: none`, and devices
    /// apply it by themselves.
    package var manifest: RolloutManifest?
    /// 32 hexadecimal digits of chance, from outside: it decides which devices are the first.
    package var salt: String

    package init(
        revision: Revision, tree: ObjectID, manifest: RolloutManifest?, salt: String
    ) {
        self.revision = revision
        self.tree = tree
        self.manifest = manifest
        self.salt = salt
    }

    /// Names the rollout of this release, and no other.
    package var id: String {
        let hash = SHA256.hash("\(revision)\0\(tree)\0\(salt)".utf8)
        return String(hash.description.prefix(32))
    }
}
