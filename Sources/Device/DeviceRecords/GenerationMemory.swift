internal import HostSystem
internal import Synchronization

/// Records of generations that were read, as long as their files have not moved. Reading the one of a
/// thousand files takes longer than all else that a look at an unchanged device does, and a move asks
/// for it a dozen times.
final class GenerationMemory: Sendable {
    private struct Known {
        var status: FileStatus
        var record: GenerationRecord
    }

    /// Where the device stands, where it goes, and where it would go back to.
    private static let limit = 3
    private let known = Mutex<[Int: Known]>([:])

    func record(_ number: Int, ifStill status: FileStatus) -> GenerationRecord? {
        known.withLock { known in
            known[number].flatMap { $0.status == status ? $0.record : nil }
        }
    }

    func keep(_ record: GenerationRecord, _ number: Int, as status: FileStatus) {
        known.withLock { known in
            if known[number] == nil, known.count >= Self.limit, let oldest = known.keys.min() {
                known[oldest] = nil
            }
            known[number] = Known(status: status, record: record)
        }
    }
}
