import FleetModel
import Foundation
import HostSystem
import Testing

@Suite struct FileLockTests {
    @Test("a lock has one holder, and is free when that one lets go")
    func excludes() throws {
        try withRoot { root, _ in
            do {
                let first = try FileLock("/lock", below: root)
                let firstHeld = isHeld(first)
                #expect(firstHeld)
                let second = try FileLock("/lock", below: root)
                let secondHeld = isHeld(second)
                #expect(!secondHeld)
                let start = Clocks.monotonic()
                let third = try FileLock("/lock", below: root, within: .milliseconds(60))
                let thirdHeld = isHeld(third)
                #expect(!thirdHeld)
                #expect(Clocks.monotonic() - start >= .milliseconds(60))
                let stillHeld = isHeld(first)
                #expect(stillHeld)
            }
            let fourth = try FileLock("/lock", below: root, within: .seconds(1))
            let fourthHeld = isHeld(fourth)
            #expect(fourthHeld)
        }
    }

    @Test("the lock of a killed process is free")
    func freedByDeath() throws {
        try withRoot { root, folder in
            let holder = try ChildCommand(
                "flock", [folder + "/lock", "sh", "-c", "echo held; sleep 300"]
            ).start()
            let end = Clocks.monotonic() + .seconds(20)
            while holder.output.isEmpty, Clocks.monotonic() < end {
                var requests = holder.descriptors.map { PollRequest(reading: $0) }
                try PollRequest.wait(for: &requests, timeout: .seconds(20))
                holder.collect()
            }
            let taken = try FileLock("/lock", below: root)
            let takenHeld = isHeld(taken)
            #expect(!takenHeld)
            holder.endGroup(with: SIGKILL)
            let free = try FileLock("/lock", below: root, within: .seconds(10))
            let freeHeld = isHeld(free)
            #expect(freeHeld)
        }
    }

    private func isHeld(_ lock: borrowing FileLock?) -> Bool {
        switch lock {
        case .some: true
        case .none: false
        }
    }
}
