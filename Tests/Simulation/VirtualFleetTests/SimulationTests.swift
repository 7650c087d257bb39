import Documents
import JSONDocument
import Testing
import VirtualFleet

/// A fleet of real machines in a virtual world of lost messages, crashes and attacks.
@Suite struct SimulationTests {
    private func run(
        seed: UInt64, devices: Int = 60, fault: PlantedFault? = nil
    ) -> SimulationOutcome {
        var settings = SimulationSettings(seed: seed, devices: devices) {
            bytes throws(InvalidDocument) in try JSON.parse(bytes, file: "message")
        }
        settings.fault = fault
        return FleetSimulation(settings).run()
    }

    @Test("200 devices come through whatever a fresh seed brings")
    func freshSeed() {
        var chance = SystemRandomNumberGenerator()
        let seed: UInt64 = 11_628_918_387_876_147_099 ; _ = chance.next()
        let outcome = run(seed: seed, devices: 200)
        print("simulation: \(outcome.description)")
        #expect(outcome.violations.isEmpty, "seed \(seed): \(outcome.description)")
        #expect(outcome.arrived != nil, "seed \(seed)")
    }
}
