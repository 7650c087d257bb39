internal import FleetModel
internal import GitStore
internal import ReleaseTrust
internal import Resolution
internal import Signatures
internal import YAMLDocument

/// Which release's content is looked at, and whether it may be applied. Trust moves on regardless.
///
/// The trust head decides whether the fleet rolls out in waves. Then only a release that an order
/// opens is applied: one that stands on the chain at or before the head, and not before what the
/// device has. An order for anything else opens nothing.
struct ContentChoice {
    let release: Revision
    let mayBeApplied: Bool
    /// The head's own keys accept who signed the release: a signer who was removed meanwhile brings
    /// nothing new.
    let isSignerTrusted: Bool

    init(
        of trust: ChainVerdict, opened: Revision?, objects: ObjectStore, applied: Revision?
    ) throws(StagingError) {
        let head = trust.head.release
        let hasWaves = try Self.hasWaves(head, objects)
        guard hasWaves, let opened, opened != head else {
            release = head
            mayBeApplied = !hasWaves || opened == head
            isSignerTrusted = trust.headSignerStillTrusted
            return
        }
        let isInRange = try at(.repository) {
            let commit = { (release: Revision) throws in try objects.commit(release) }
            guard try ReleaseChain.leads(from: opened, to: head, commit: commit) else {
                return false
            }
            guard let applied else { return true }
            return try ReleaseChain.leads(from: applied, to: opened, commit: commit)
        }
        guard isInRange else {
            release = head
            mayBeApplied = false
            isSignerTrusted = trust.headSignerStillTrusted
            return
        }
        release = opened
        mayBeApplied = true
        isSignerTrusted = try at(.repository) {
            guard let raw = try objects.commit(opened) else { return false }
            return ReleaseChain.stillTrusts(
                trust.head, release: raw, checking: LibcryptoSignatures())
        }
    }

    /// A fleet whose manifest can't be understood waits: applying without an order what should have
    /// waited for one can't be taken back.
    private static func hasWaves(
        _ release: Revision, _ objects: ObjectStore
    ) throws(StagingError) -> Bool {
        let tree = try at(.repository) { try objects.tree(of: release) }
        do throws(ResolutionError) {
            return try FleetReading(tree: tree, parse: YAML.parse).rolloutMode() == .waves
        } catch {
            // The same fault rejects the release when it is resolved.
            return true
        }
    }
}
