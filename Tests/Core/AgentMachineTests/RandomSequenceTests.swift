import FleetModel
import Testing

@testable import AgentMachine

@Suite struct RandomSequenceTests {
    @Test(
        "Whatever happens, one move is under way at a time, and no journal is forgotten too early")
    func randomSequences() {
        var confirmations = 0
        for seed in 0..<2_000 {
            var device = SimulatedDevice(seed: UInt64(seed))
            for _ in 0..<500 where device.fault == nil { device.live() }
            var answers = 0
            while !device.awaited.isEmpty, answers < 1_000 {
                device.answer()
                answers += 1
            }
            #expect(device.fault == nil, "seed \(seed)")
            #expect(device.isResting, "seed \(seed): \(device.machine.state)")
            if device.confirmed > 1 { confirmations += 1 }
        }
        // The sequences go far enough to mean something.
        #expect(confirmations > 1_000)
    }

    @Test("With waves nothing begins that no order opens then, and no move passes a closed order")
    func waves() {
        var flips = 0
        for seed in 0..<1_000 {
            var device = SimulatedDevice(seed: UInt64(seed), hasWaves: true)
            for _ in 0..<800 where device.fault == nil { device.live() }
            #expect(device.fault == nil, "seed \(seed)")
            flips += device.orderedFlips
        }
        // The sequences go far enough to mean something.
        #expect(flips > 500)
    }

    @Test("Where a fleet does without waves, orders are no more than hints")
    func ordersWithoutWaves() {
        var confirmations = 0
        for seed in 0..<500 {
            var device = SimulatedDevice(seed: UInt64(seed), hasWaves: false)
            for _ in 0..<800 where device.fault == nil { device.live() }
            #expect(device.fault == nil, "seed \(seed)")
            if device.confirmed > 1 { confirmations += 1 }
        }
        #expect(confirmations > 250)
    }

    @Test("Once all goes well, the device comes to rest, whole, wherever it was")
    func comesToRest() {
        for seed in 0..<500 {
            let hasWaves: Bool? = [nil, true, false][seed % 3]
            var device = SimulatedDevice(seed: UInt64(seed), hasWaves: hasWaves)
            for _ in 0..<150 { device.live() }
            device.isLucky = true
            var steps = 0
            while device.journal != nil || !device.isResting, steps < 2_000 {
                if device.awaited.isEmpty { device.letTimePass() } else { device.answer() }
                steps += 1
            }
            #expect(device.fault == nil, "seed \(seed)")
            #expect(device.journal == nil, "seed \(seed): \(device.machine.state)")
            #expect(device.current == device.confirmed, "seed \(seed)")
        }
    }
}
