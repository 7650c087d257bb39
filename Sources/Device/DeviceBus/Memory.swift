internal import DeviceLink
internal import DeviceRecords
internal import FleetModel
internal import HostSystem
internal import WireMessages

/// What earlier lives of the agent left on the disk.
struct Memory {
    var link: LinkMemory
    var file: OutboxFile
    var boot: String
    /// What a person should know of it.
    var notes: [String] = []

    init(_ store: RecordStore) throws(SystemError) {
        let read = try OutboxFile.open(StateLayout.outbox, below: store.root)
        file = read.file
        if read.damagedLines > 0 {
            notes.append("DAMAGED: \(read.damagedLines) lines of \(StateLayout.outbox)")
        }
        boot = try Clocks.bootID()
        link = LinkMemory(epoch: nil, outbox: read.outbox, order: OrderMemory())
        link.epoch = try record(LinkEpoch.self, StateLayout.epoch, store)?.epoch
        if let order = try record(OrderMemory.self, StateLayout.order, store) {
            link.order = order
        }
    }

    /// A damaged record is moved aside: what it said can be learned again.
    private mutating func record<Record: DeviceRecord>(
        _ type: Record.Type, _ path: String, _ store: RecordStore
    ) throws(SystemError) -> Record? {
        do throws(RecordError) {
            do throws(RecordError) {
                return try store.read(type, at: path)
            } catch {
                guard error.isDamage else { throw error }
                try store.setAside(path)
                notes.append("DAMAGED: \(error); it is now \(StateLayout.damaged(path))")
                return nil
            }
        } catch {
            guard case .system(let error) = error else { return nil }
            throw error
        }
    }
}
