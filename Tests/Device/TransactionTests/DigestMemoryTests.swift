import Digests
import FleetModel
import HostSystem
import Testing

@testable import Transaction

@Suite struct DigestMemoryTests {
    @Test("a file whose status has not moved is not read again")
    func remembers() throws {
        try withDevice { device in
            try device.write("/a", "one")
            var memory = DigestMemory()
            var status = try #require(try device.root.status(of: "/a"))
            status.changed = status.changed + .seconds(-10)
            let digest = SHA256.hash(Array("one".utf8))
            let first = try memory.digest(of: "/a", status: status, root: device.root)
            #expect(first == digest)
            // Whoever reads it now finds nothing.
            try device.root.unlink("/a")
            let second = try memory.digest(of: "/a", status: status, root: device.root)
            #expect(second == digest)
            var other = status
            other.inode += 1
            let third = try memory.digest(of: "/a", status: other, root: device.root)
            let fourth = try memory.digest(of: "/a", status: status, root: device.root)
            #expect(third == nil && fourth == nil)
        }
    }

    @Test("what changed a moment ago is read again, for the next change may look the same")
    func distrustsFreshFiles() throws {
        try withDevice { device in
            try device.write("/a", "one")
            var memory = DigestMemory()
            let status = try #require(try device.root.status(of: "/a"))
            let first = try memory.digest(of: "/a", status: status, root: device.root)
            #expect(first != nil)
            try device.root.unlink("/a")
            let second = try memory.digest(of: "/a", status: status, root: device.root)
            #expect(second == nil)
        }
    }
}
