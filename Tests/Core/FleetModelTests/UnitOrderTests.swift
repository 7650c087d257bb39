import FleetModel
import Testing

@Suite struct UnitOrderTests {
    @Test("Names come after those that they wait for, and otherwise by name")
    func order() {
        let order = UnitOrder([
            .init("a", after: ["d"]), .init("b", after: []), .init("c", after: ["a", "nobody"]),
            .init("d", after: []),
        ])
        #expect(order.names == ["d", "a", "b", "c"])
        #expect(order.cycles.isEmpty)
        #expect(order.sorted(["c", "x", "d"]) == ["d", "c", "x"])
    }

    @Test("A circle is named, each for the next, and does not keep anybody out of the order")
    func circles() {
        let order = UnitOrder([
            .init("a", after: ["b"]), .init("b", after: ["c"]), .init("c", after: ["a"]),
            .init("d", after: ["d"]),
        ])
        #expect(order.cycles == [["a", "b", "c"], ["d"]])
        #expect(Set(order.names) == ["a", "b", "c", "d"] && order.names.count == 4)
    }

    @Test("A chain as long as a manifest may be is no trouble, nor is a hostile tangle")
    func long() {
        let count = 20_000
        let chain = UnitOrder(
            (0..<count).map { UnitOrder.Entry("u\($0)", after: ["u\($0 + 1)"]) })
        #expect(chain.names.first == "u\(count - 1)" && chain.names.count == count)
        let names = (0..<200).map { "u\($0)" }
        let tangle = UnitOrder(names.map { .init($0, after: names) })
        #expect(tangle.names.count == names.count)
        #expect(tangle.cycles.count <= 16)
    }
}
