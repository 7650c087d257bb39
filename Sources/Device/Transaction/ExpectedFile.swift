internal import Digests
internal import HostSystem

/// What a regular file should be.
struct ExpectedFile: Equatable, Sendable {
    var content: ContentDigest
    var size: Int
    var access: Access
    /// Others may be there too, but for those that were dropped.
    var attributes: [String: [UInt8]] = [:]
    var dropped: [String] = []
}

/// Who may do what with a path.
struct Access: Equatable, Sendable {
    var mode: UInt16
    var owner: FileOwner

    func difference(from status: FileStatus) -> (Deviation.Kind, String)? {
        if status.owner != owner {
            return (
                .owner,
                "the owner is \(status.owner.user):\(status.owner.group), "
                    + "not \(owner.user):\(owner.group)"
            )
        }
        if status.mode != mode {
            return (.mode, "the mode is \(octal(status.mode)), not \(octal(mode))")
        }
        return nil
    }

    private func octal(_ mode: UInt16) -> String { "0" + String(mode, radix: 8) }
}
