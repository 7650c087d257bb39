import FleetModel
import Testing

@testable import HostSystem

@Suite struct CodeMemoryTests {
    @Test("Only code that a file has is given back")
    func ranges() {
        let maps = """
            55d0c0000000-55d0c0001000 r--p 00000000 08:01 42                  /usr/bin/flotilla-agent
            55d0c0001000-55d0c0009000 r-xp 00001000 08:01 42                  /usr/bin/flotilla-agent
            55d0c0009000-55d0c000a000 rw-p 00009000 08:01 42                  /usr/bin/flotilla-agent
            55d0c1000000-55d0c1010000 rw-p 00000000 00:00 0                   [heap]
            7f0000000000-7f0000010000 r-xp 00000000 00:00 0
            7f0000010000-7f0000020000 rwxp 00000000 08:01 43                  /usr/lib/odd.so
            7f0000020000-7f0000030000 r-xp 00000000 08:01 44                  /usr/lib/libssl.so.3
            7ffd00000000-7ffd00002000 r-xp 00000000 00:00 0                   [vdso]

            """
        #expect(
            CodeMemory.ranges(inMaps: maps) == [
                0x55d0_c000_1000..<0x55d0_c000_9000, 0x7f00_0002_0000..<0x7f00_0003_0000,
            ])
    }

    @Test("A process goes on after its code was given back")
    func release() throws {
        try CodeMemory.release()
        #expect(Clocks.monotonic() > Instant(nanoseconds: 0))
    }
}
