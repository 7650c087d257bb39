internal import DeviceBus
internal import DeviceLink
internal import DeviceRecords
internal import FleetModel
internal import HostSystem
internal import ReleaseTrust
internal import WireMessages

/// The agent's side of the bus: makes the link where a broker is configured, tells it what happens
/// on the device, and shows how it is. Without `broker:` it does nothing at all.
///
/// Nothing of it needs the device's lock: it only reads records that are replaced whole.
final class AgentBus {
    private let store: RecordStore
    private var configuration: AgentConfiguration
    private var bus: DeviceBus?
    private var reporter: StateReporter
    /// Why there is no link though there is a broker.
    private var trouble: String?
    /// Why the records can't be read right now.
    private var recordTrouble: String?
    /// When making the link is tried again: files may be put there, trust may be learned.
    private var tryAt = Instant(nanoseconds: .min)
    /// When the records are looked at again, though nobody said that they changed.
    private var lookAt = Instant(nanoseconds: .min)
    private var shown: LinkStatus?
    /// What was wished outside of `serve`.
    private var wishes: [DeviceBus.Wish] = []

    private static let tryPause = Duration.seconds(30)
    /// A hold is written by a command, and nobody tells the agent.
    private static let lookPause = Duration.seconds(60)

    init(store: RecordStore, configuration: AgentConfiguration) {
        self.store = store
        self.configuration = configuration
        reporter = StateReporter(store: store, configuration: configuration)
    }

    // MARK: The loop

    var pollRequest: PollRequest? { bus?.pollRequest }

    var wakeAt: Instant {
        guard configuration.broker != nil else { return Instant(nanoseconds: .max) }
        guard let bus else { return tryAt }
        return min(bus.wakeAt, lookAt)
    }

    /// Does what is due, and gives what only the loop can do.
    func serve(_ ready: PollRequest?, live: LiveStatus) -> [DeviceBus.Wish] {
        var wishes = wishes
        self.wishes = []
        guard configuration.broker != nil else { return wishes }
        let now = Clocks.monotonic()
        if bus == nil, now >= tryAt { wishes += start(at: now) }
        if now >= lookAt { look(live, at: now) }
        bus?.serve(ready)
        wishes += bus?.takeWishes() ?? []
        show()
        return wishes
    }

    func resolved(_ addresses: [String]) { bus?.resolved(addresses) }
    func resolveFailed(_ reason: String) { bus?.resolveFailed(reason) }

    /// The way to the broker was changed.
    func reconnect() { bus?.reconnect() }

    /// Something was written down: it is told at once.
    func happened(_ ledger: Ledger) { bus?.happened(ledger.events) }

    /// Something was done, so the records may say something else.
    func changed(_ live: LiveStatus) {
        if bus != nil { look(live, at: Clocks.monotonic()) }
    }

    /// Goes on with another configuration. Where the broker, who we are, or what the files say of
    /// that has changed, there is another link from then on.
    func configure(_ wanted: AgentConfiguration, leaving: (DeviceBus) -> Void) {
        let old = configuration
        configuration = wanted
        reporter.configuration = wanted
        tryAt = Instant(nanoseconds: .min)
        let isSame =
            old.broker == wanted.broker && old.device == wanted.device
            && old.channel == wanted.channel
        trouble = nil
        if isSame, let bus, mayStay(bus) { return }
        leave(leaving)
        if wanted.broker == nil { show() }
    }

    /// Whether the link speaks with what the files hold now. It also stays where they can't be used:
    /// a file that was copied halfway must not take a device out of its fleet.
    private func mayStay(_ bus: DeviceBus) -> Bool {
        do throws(BusError) {
            if try bus.hasCurrentCredentials() { return true }
            wishes.append(
                .say("key or certificate has changed: the link to the broker is made anew"))
            return false
        } catch {
            trouble = "the link goes on with the files that it has read before: \(error)"
            wishes.append(.say("trouble: \(error)"))
            return true
        }
    }

    /// Ends the link in an orderly way.
    func leave(_ leaving: (DeviceBus) -> Void) {
        if let bus {
            leaving(bus)
            // The loop learns from them that there is no link.
            wishes += bus.takeWishes()
        }
        bus = nil
        if configuration.broker != nil { show() }
    }

    // MARK: The link

    private func start(at now: Instant) -> [DeviceBus.Wish] {
        tryAt = now + Self.tryPause
        let before = trouble
        do {
            let settings = try BusSettings(configuration, store: store)
            bus = try DeviceBus(settings, root: store.root)
            trouble = nil
            lookAt = now
        } catch {
            trouble = "\(error)"
        }
        guard let trouble, trouble != before else { return [] }
        return [.say("trouble: no link to the broker: \(trouble)")]
    }

    /// Tells the link what the records say.
    private func look(_ live: LiveStatus, at now: Instant) {
        guard let bus else { return }
        lookAt = now + Self.lookPause
        do throws(RecordError) {
            let ledger = try store.read(Ledger.self, at: StateLayout.ledger) ?? Ledger()
            if let trust = try reporter.trust() { bus.trusts(trust) }
            bus.happened(ledger.events)
            bus.reports(try reporter.state(ledger, live, of: bus.settings.identity))
            recordTrouble = nil
        } catch {
            // The loop meets the same record, mends it and tells.
            recordTrouble = "\(error)"
        }
    }

    private func show() {
        var status = bus?.status ?? LinkStatus()
        status.problem = status.problem ?? trouble ?? recordTrouble
        if status == shown { return }
        shown = status
        // The file system is memory, and who can't write there has worse troubles.
        try? store.write(status, at: StateLayout.link)
    }
}
