import AgentMachine
import FleetModel
import Testing

@Suite struct ProspectsTests {
    private static let never = Instant(nanoseconds: .max)

    @Test(
        "something may come of a machine that rests, has work, wakes up by itself or waits for a child"
    )
    func good() {
        let soon = Instant(seconds: 5)
        for prospects in [
            Prospects(isIdle: true, hasWork: false, wakeAt: Self.never, runningJobs: 0),
            Prospects(isIdle: false, hasWork: true, wakeAt: Self.never, runningJobs: 0),
            Prospects(isIdle: false, hasWork: false, wakeAt: soon, runningJobs: 0),
            Prospects(isIdle: false, hasWork: false, wakeAt: Self.never, runningJobs: 1),
        ] {
            #expect(prospects.areGood, "\(prospects)")
        }
    }

    @Test("nothing can come of a machine that waits for what nobody is at work on")
    func bad() {
        let prospects = Prospects(isIdle: false, hasWork: false, wakeAt: Self.never, runningJobs: 0)
        #expect(!prospects.areGood)
    }
}
