import AgentMachine
import DeviceRecords
import FleetModel
import Foundation
import HostSystem
import TestSupport
import Testing

@testable import DeviceRecords

@Suite struct GenerationsTests {
    @Test("A number is never used again, though its folder is removed and its outcome forgotten")
    func numbersAreNotReused() throws {
        try withStore { store, _ in
            #expect(try Generations.next(in: store) == 1)
            for number in 1...3 {
                #expect(try Generations.next(in: store) == number)
                try Generations.make(try Samples.generation(number), in: store)
            }
            #expect(try Generations.numbers(in: store) == [1, 2, 3])
            try store.root.removeTree(StateLayout.generation(3))
            try store.root.removeTree(StateLayout.generation(2))
            #expect(try Generations.next(in: store) == 4)
        }
    }

    @Test("Where the last number is lost, folders and outcomes still say what was used")
    func lostNumber() throws {
        try withStore { store, _ in
            try Generations.make(try Samples.generation(2), in: store)
            try store.remove(StateLayout.lastGeneration)
            #expect(try Generations.next(in: store) == 3)
            var ledger = Ledger()
            ledger.confirmed = 5
            try store.write(ledger, at: StateLayout.ledger)
            #expect(try Generations.next(in: store) == 6)
            ledger.append(Ledger.Outcome(kind: "failed", generation: 8, at: Samples.moment))
            try store.write(ledger, at: StateLayout.ledger)
            #expect(try Generations.next(in: store) == 9)
        }
    }

    @Test("A generation that was made is read by its number; number 0 needs no folder")
    func readByNumber() throws {
        try withStore { store, _ in
            let record = try Samples.generation(4)
            try Generations.make(record, in: store)
            #expect(try store.generation(4) == record)
            #expect(try store.generation(0) == .beforeFlotilla)
            #expect(try store.generation(9) == nil)
        }
    }

    @Test("Those in use are kept, and the newest others until there are as many as wanted")
    func worthKeeping() throws {
        try withStore { store, _ in
            for number in 1...6 {
                try Generations.make(try Samples.generation(number), in: store)
            }
            func kept(_ count: Int, _ inUse: [Int]) throws -> Set<Int> {
                try Generations.worthKeeping(count, inUse: inUse, in: store)
            }
            #expect(try kept(3, [6, 1]) == [1, 5, 6])
            #expect(try kept(3, [6]) == [4, 5, 6])
            #expect(try kept(2, [6, 5]) == [5, 6])
            // Whatever the number, never what a way back needs.
            #expect(try kept(2, [6, 4, 1]) == [1, 4, 6])
            // What was removed by hand, and generation 0, take nobody's place.
            #expect(try kept(3, [6, 0, 9]) == [4, 5, 6])
            #expect(try kept(100, []) == [1, 2, 3, 4, 5, 6])
        }
    }

    @Test("In use is what stands, what was confirmed last, and what was confirmed before it")
    func inUse() throws {
        try withStore { store, _ in
            #expect(try Generations.inUse(in: store) == [0, 0, 0])
            var ledger = Ledger()
            ledger.confirmed = 5
            ledger.previous = 3
            try store.write(ledger, at: StateLayout.ledger)
            try store.root.symbolicLink("generations/7", at: StateLayout.current)
            #expect(try Generations.inUse(in: store) == [7, 5, 3])
        }
    }

    @Test("The state folders are made once, and what stood on the device before is root's alone")
    func stateFolders() throws {
        try withTemporaryFolder { folder in
            let old = umask(0o077)
            defer { umask(old) }
            let root = try Root(folder.path)
            try root.makeStateFolders()
            try root.makeStateFolders()
            let modes: [(String, Int)] = [
                (StateLayout.state, 0o755), (StateLayout.run, 0o755),
                (StateLayout.generations, 0o755), (StateLayout.saved, 0o700),
            ]
            for (path, mode) in modes {
                let file = folder.appendingPathComponent(path).path
                let attributes = try FileManager.default.attributesOfItem(atPath: file)
                #expect(attributes[.posixPermissions] as? Int == mode, "\(path)")
            }
        }
    }
}
