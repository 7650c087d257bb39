import Documents
import Foundation
import JSONDocument
import Testing
import VirtualFleet

/// A fleet of real machines in a virtual world of lost messages, crashes and attacks.
@Suite struct SimulationTests {
    private func run(
        seed: UInt64, devices: Int = 60, fault: PlantedFault? = nil,
        _ change: (inout SimulationSettings) -> Void = { _ in }
    ) -> SimulationOutcome {
        var settings = SimulationSettings(seed: seed, devices: devices) {
            bytes throws(InvalidDocument) in try JSON.parse(bytes, file: "message")
        }
        settings.fault = fault
        change(&settings)
        return FleetSimulation(settings).run()
    }

    /// The same course on every machine and every day; `FLOTILLA_SEED=N` takes another one, and
    /// `FLOTILLA_SEED=fresh` one that nobody has seen yet.
    @Test("200 devices come through whatever the seed brings", .timeLimit(.minutes(5)))
    func manyDevices() {
        let wish = ProcessInfo.processInfo.environment["FLOTILLA_SEED"]
        var chance = SystemRandomNumberGenerator()
        let seed = wish.map { UInt64($0) ?? chance.next() } ?? 20_261_126
        print("simulation: seed \(seed)")
        let outcome = run(seed: seed, devices: 200)
        print("simulation: \(outcome.description)")
        #expect(outcome.violations.isEmpty, "seed \(seed): \(outcome.description)")
        #expect(outcome.arrived != nil, "seed \(seed)")
    }

    @Test(
        "60 devices come through the same troubles each time",
        arguments: 1...6 as ClosedRange<UInt64>)
    func fixedSeeds(seed: UInt64) {
        let outcome = run(seed: seed)
        #expect(outcome.violations.isEmpty, "\(outcome.description)")
        #expect(outcome.arrived != nil)
    }

    @Test("the same seed gives the same course, and another seed another one")
    func repeatable() {
        let first = run(seed: 77, devices: 30)
        #expect(run(seed: 77, devices: 30) == first)
        #expect(run(seed: 78, devices: 30).hash != first.hash)
    }

    @Test("all that is to be withstood happens: crashes, cuts, attacks, bad releases, waves")
    func tally() {
        var tally: [String: Int] = [:]
        for seed in 1...4 as ClosedRange<UInt64> {
            tally.merge(run(seed: seed, devices: 40).tally, uniquingKeysWith: +)
        }
        for what in [
            "agent crash", "aggregator crash", "broker restart", "device off", "network cut",
            "new installation", "attack on Git", "forgery refused", "refusal", "lost",
            "bad release", "good release", "failed", "rolledBack", "confirmed", "unchanged",
            "opened", "halted", "complete", "replaced",
        ] { #expect(tally[what, default: 0] > 0, "\(what)") }
    }

    // MARK: Each checker can fail

    private func violation(
        of fault: PlantedFault, seeds: ClosedRange<UInt64> = 1...8,
        _ change: (inout SimulationSettings) -> Void = { _ in }
    ) -> String {
        for seed in seeds {
            let outcome = run(seed: seed, devices: 40, fault: fault, change)
            if let violation = outcome.violations.first { return violation }
        }
        return "nothing was found"
    }

    @Test("a worker that verifies nothing is found by what it applies")
    func skipsVerification() {
        #expect(violation(of: .worker(.skipsVerification)).contains("trust: "))
    }

    @Test("a device that is not counted is missed")
    func forgetsDevice() {
        #expect(violation(of: .aggregator(.forgetsDevice)).contains("counters: "))
    }

    @Test("a wave that opens on a success which nobody signed is found")
    func believesForgeries() {
        // By the checker of the waves, or by devices that a wrong picture leaves behind.
        let found = violation(of: .aggregator(.believesForgeries))
        #expect(found.contains("waves: ") || found.contains("arrival: "), "\(found)")
    }

    @Test("devices that come back to an order of yesterday and get no newer one never arrive")
    func neverRenews() {
        // Or a wave opens over them while they are on their way.
        let found = violation(of: .aggregator(.neverRenews))
        #expect(found.contains("arrival: ") || found.contains("waves: "), "\(found)")
    }

    @Test("an event that was acknowledged before it was written down is lost with a crash")
    func acknowledgesEarly() {
        let found = violation(of: .aggregator(.acknowledgesEarly)) {
            $0.commitDelay = .seconds(40)
        }
        #expect(found.contains("events: "))
    }
}
