package import DeviceLink
internal import DeviceRecords
internal import Documents
internal import FleetModel
package import HostSystem
internal import JSONDocument

/// The outbox on the disk. What happens is appended, with one fsync for all that came at once; what
/// nobody needs any more is left out when the file is written anew, now and then.
package struct OutboxFile {
    private let root: Root
    private let path: String
    /// Of the file as it stands there.
    private var size: Int
    /// What stands there can't be appended to: there is nothing, or its end is not whole.
    private var mustBeWrittenAnew: Bool

    /// Dead lines that a file may have besides as many bytes as live ones.
    private static let slack = 64 << 10

    /// Reads what is there. `damagedLines` of it could not be read.
    package static func open(
        _ path: String, below root: Root
    ) throws(SystemError) -> (file: OutboxFile, outbox: Outbox, damagedLines: Int) {
        // Nothing that we wrote is larger; what is cut off is damaged anyway.
        let limit = 2 * Limits.outboxBytes + 2 * slack
        let bytes = try root.readFile(path, limit: limit)
        let read = Outbox.read(bytes ?? []) { bytes in try JSON.parse(bytes, file: path) }
        let file = OutboxFile(
            root: root, path: path, size: bytes?.count ?? 0,
            mustBeWrittenAnew: bytes == nil || read.damagedLines > 0)
        return (file, read.outbox, read.damagedLines)
    }

    private init(root: Root, path: String, size: Int, mustBeWrittenAnew: Bool) {
        self.root = root
        self.path = path
        self.size = size
        self.mustBeWrittenAnew = mustBeWrittenAnew
    }

    /// Keeps `records`, which are what changed in `outbox`. After an error nothing is lost that is
    /// in memory: the next call writes all of it.
    package mutating func keep(
        _ records: [OutboxRecord], of outbox: Outbox
    ) throws(SystemError) {
        let lines = records.flatMap(\.line)
        let live = outbox.bytes
        let isLong = size + lines.count > live + max(live, Self.slack) + Self.slack
        do throws(SystemError) {
            if mustBeWrittenAnew || isLong {
                let bytes = outbox.file
                try root.makeFolders(DevicePath.parent(of: path), mode: 0o755)
                try root.replaceFile(path, with: bytes, mode: 0o600)
                size = bytes.count
            } else if !lines.isEmpty {
                try root.appendFile(path, lines, durable: records.contains { $0.mustLast })
                size += lines.count
            }
            mustBeWrittenAnew = false
        } catch {
            mustBeWrittenAnew = true
            throw error
        }
    }
}
