import AgentMachine
import DeviceRecords
import FleetModel
import Foundation
import HostSystem
import Synchronization
import Testing

@testable import Transaction

/// How what is staged becomes durable.
@Suite(.enabled(if: geteuid() == 0, "files are given to root")) struct DurabilityTests {
    private final class Log: Sendable {
        let lines = Mutex<[(operation: String, path: String)]>([])
    }

    private func staged(
        _ count: Int, placement: Placement = .copy
    ) throws -> [(operation: String, path: String)] {
        let log = Log()
        try withDeviceFolder { folder in
            let device = try TestDevice(folder) { operation, path throws(SystemError) in
                log.lines.withLock { $0.append((operation, path)) }
            }
            try device.root.makeFolders(StateLayout.generation(1))
            try device.root.makeFolders("/srv/many")
            let files = (0..<count).map {
                file("/srv/many/\($0)", "one", placement: placement)
            }
            let new = generation(1, files)
            log.lines.withLock { $0 = [] }
            try Stage(store: device.store).make(
                Move(.upgrade, from: 0, to: 1), from: .beforeFlotilla, to: new,
                contents: TestDevice.contents)
        }
        return log.lines.withLock { $0 }
    }

    @Test("A hundred staged files take a handful of synchronising calls, the last after all writes")
    func many() throws {
        for placement in [Placement.copy, .link] {
            let lines = try staged(100, placement: placement)
            let syncs = lines.filter { $0.operation == "synchronise" }
            #expect(syncs.count < BulkSync.few + 12, "\(syncs)")
            let last = try #require(lines.lastIndex { $0.operation == "synchronise" })
            let write = try #require(lines.lastIndex { $0.operation == "write" })
            #expect(last > write)
        }
    }

    @Test("One staged file is synchronised by itself, before its folder")
    func one() throws {
        let lines = try staged(1)
        let syncs = lines.filter { $0.operation == "synchronise" }.map(\.path)
        #expect(syncs.suffix(2) == ["/srv/many/.flotilla-1-0", "/srv/many"])
    }
}
