import Testing

@testable import AgentMachine

@Suite struct BootCountTests {
    /// Boots one after the other, each of which ends as it is told.
    private enum End { case order, cut, cutEarly, cutBeforeAgent }

    private func count(_ ends: [End], maxBoots: Int = 5) -> (thirds: Int, verdict: String?) {
        var count: BootCount?
        for (number, end) in ends.enumerated() {
            var current = BootCount.seen(count, generation: 7, boot: "boot-\(number)")
            if end != .cutBeforeAgent { current.agentBegan() }
            if end == .cut || end == .order { current.agentHadTime() }
            if end == .order { current.agentEnded() }
            count = current
        }
        let last = BootCount.seen(count, generation: 7, boot: "boot-last")
        return (last.thirds, last.verdict(maxBoots: maxBoots))
    }

    @Test("Boots that end in order cost nothing, however many there are")
    func orderly() {
        #expect(count(Array(repeating: .order, count: 100)).thirds == 0)
    }

    @Test("As many boots as allowed that end in no order are too many, and not one fewer")
    func cuts() {
        #expect(count(Array(repeating: .cut, count: 4)).verdict == nil)
        let last = count(Array(repeating: .cut, count: 5))
        #expect(last.verdict?.contains("5 boots") == true)
        #expect(count([.cut], maxBoots: 1).verdict != nil)
    }

    @Test("A boot in which the agent had no time counts a third, also where it never began")
    func shortBoots() {
        #expect(count([.cutEarly, .cutEarly]).thirds == 2)
        #expect(count([.cutBeforeAgent, .cutBeforeAgent]).thirds == 2)
        #expect(count(Array(repeating: .cutEarly, count: 14)).verdict == nil)
        #expect(count(Array(repeating: .cutBeforeAgent, count: 15)).verdict != nil)
    }

    @Test("An agent that dies again and again in one boot counts a third each time")
    func lives() {
        var count = BootCount(generation: 7, boot: "b")
        for _ in 0..<4 {
            count = BootCount.seen(count, generation: 7, boot: "b")
            count.agentBegan()
        }
        #expect(count.thirds == 3)
        count.agentEnded()
        count.agentBegan()
        #expect(count.thirds == 3)
    }

    @Test("Another generation begins with nothing")
    func otherGeneration() {
        var count = BootCount(generation: 7, boot: "a")
        count.agentBegan()
        count.agentHadTime()
        #expect(BootCount.seen(count, generation: 8, boot: "b").thirds == 0)
        #expect(BootCount.seen(count, generation: 7, boot: "b").thirds == 3)
        #expect(BootCount.seen(nil, generation: 7, boot: "b").thirds == 0)
    }
}
