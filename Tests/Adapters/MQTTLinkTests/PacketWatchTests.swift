import Testing

@testable import MQTTLink

@Suite("What a broker sends is watched before libmosquitto sees it")
struct PacketWatchTests {
    let welcome: [UInt8] = [0x20, 3, 0, 0, 0]

    /// The fault that a stream meets, whether it comes whole or byte by byte.
    private func fault(_ bytes: [UInt8], limit: Int = 1_000) -> PacketWatch.Fault? {
        var faults: [PacketWatch.Fault?] = []
        for size in [bytes.count, 1, 3] {
            var watch = PacketWatch(limit: limit)
            var fault: PacketWatch.Fault?
            var rest = bytes[...]
            while !rest.isEmpty && fault == nil {
                let part = Array(rest.prefix(size))
                rest = rest.dropFirst(size)
                do throws(PacketWatch.Fault) {
                    try watch.see(part.span)
                } catch {
                    fault = error
                }
            }
            faults.append(fault)
        }
        #expect(faults.allSatisfy { $0 == faults[0] })
        return faults[0]
    }

    @Test("packets of all kinds that a broker may send pass")
    func good() {
        let publish: [UInt8] = [0x32, 0x88, 0x01] + [UInt8](repeating: 7, count: 136)
        let rest: [UInt8] = [0x40, 2, 0, 1, 0x90, 4, 0, 1, 0, 1, 0xd0, 0, 0xe0, 1, 0x8b]
        #expect(fault(welcome + publish + publish + rest) == nil)
        var watch = PacketWatch(limit: 1_000)
        try? watch.see((welcome + publish + rest).span)
        #expect(watch.packets == 6)
    }

    @Test("a packet that is too long is found by its length alone")
    func long() {
        #expect(fault(welcome + [0x30, 0xe8, 0x07], limit: 1_000) == nil)
        #expect(fault(welcome + [0x30, 0xe9, 0x07], limit: 1_000) == .tooLong(bytes: 1_001))
        // 256 MB.
        #expect(fault(welcome + [0x30, 0xff, 0xff, 0xff, 0x7f]) != nil)
        #expect(fault([0x20, 0xff, 0xff, 0xff, 0x7f]) != nil)
    }

    @Test("a length without an end is found")
    func endless() {
        #expect(fault(welcome + [0x30, 0x80, 0x80, 0x80, 0x80, 0x01]) == .endlessLength)
    }

    @Test(
        "what a broker must not send is found",
        arguments: [
            [0x30, 0] as [UInt8], [0x40, 2, 0, 1], [0xd0, 0], [0x10, 0], [0x00, 0],
        ])
    func beforeTheWelcome(bytes: [UInt8]) {
        #expect(fault(bytes) == .unexpected(type: bytes[0] >> 4))
    }

    @Test(
        "what a broker must not send to us is found",
        arguments: [
            [0x20, 3, 0, 0, 0] as [UInt8], [0x34, 0], [0x36, 0], [0x50, 2, 0, 1], [0x62, 2, 0, 1],
            [0x70, 2, 0, 1], [0x82, 0], [0xa2, 0], [0xb0, 0], [0xc0, 0], [0xf0, 0],
        ])
    func afterTheWelcome(bytes: [UInt8]) {
        #expect(fault(welcome + bytes) == .unexpected(type: bytes[0] >> 4))
    }
}
