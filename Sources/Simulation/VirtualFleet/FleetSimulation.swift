internal import AgentMachine
internal import DeviceLink
internal import Documents
internal import FleetModel
internal import FleetRegister
internal import ReleaseTrust
internal import RolloutEngine
internal import WireMessages

/// A fleet in a virtual world: real machines of agents, links, register and engine, on a clock that
/// jumps from one event to the next, with everything between them that can go wrong.
package final class FleetSimulation {
    let settings: SimulationSettings
    var now = SimulationSettings.start
    var heap = EventHeap<VirtualEvent>()
    var generator: SplitMix64
    var git: VirtualGit
    var devices: [VirtualDevice] = []
    var broker = VirtualBroker()
    var aggregator = VirtualAggregator()
    var checkers: Checkers
    var outcome: SimulationOutcome
    var trace = TraceHash()
    var isHealed = false
    let channel = SimulationSettings.channel
    let key = VirtualKey(7)
    let signers: AllowedSigners
    let verifier: MessageVerifier

    package init(_ settings: SimulationSettings) {
        self.settings = settings
        generator = SplitMix64(seed: settings.seed)
        git = VirtualGit(Self.manifest())
        checkers = Checkers(settings.devices)
        outcome = SimulationOutcome(seed: settings.seed)
        let line =
            "aggregator@virtual namespaces=\"flotilla-order,flotilla-ack\" \(key.publicKey.text)\n"
        do throws(InvalidDocument) {
            signers = try AllowedSigners(text: line, file: "signers")
        } catch {
            fatalError("the aggregator's line is right: \(error)")
        }
        verifier = MessageVerifier(checking: VirtualSignatures(), parse: settings.parse)
        makeDevices()
    }

    static func manifest(onNewer: RolloutManifest.OnNewer = .queue) -> RolloutManifest {
        func wave(_ name: String, _ match: String, _ limit: RolloutAmount, soak: Duration)
            -> RolloutManifest.Wave
        {
            do throws(TextFault) {
                return RolloutManifest.Wave(
                    name: name, match: try Selector(match), limit: limit, soak: soak)
            } catch {
                fatalError("\(match) is no selector")
            }
        }
        return RolloutManifest(
            waves: [
                wave("canary", "ring=canary", .count(3), soak: .seconds(60)),
                wave("tenth", "", .percent(10), soak: .seconds(60)),
                wave("half", "", .percent(50), soak: .seconds(30)),
            ], stopFailures: .count(3), silentAfter: .seconds(300), spread: .seconds(20),
            onNewer: onNewer)
    }

    private func makeDevices() {
        for index in 0..<settings.devices {
            let role = VirtualGit.roles[index % VirtualGit.roles.count]
            let gone = settings.devices - settings.goneDevices
            devices.append(
                VirtualDevice(
                    index: index, isCanary: index % 20 == 0, isGone: index >= gone,
                    disk: .delivered(git.digest(of: 0, for: role)), role: role))
        }
    }

    // MARK: Running

    package func run() -> SimulationOutcome {
        prepare()
        let end = now + settings.healing + settings.patience
        while outcome.violations.isEmpty, let (time, event) = heap.next(), time <= end {
            now = time
            outcome.events += 1
            let (kind, place) = event.trace
            trace.mix(now.nanoseconds)
            trace.mix(kind << 32 | place)
            happen(event)
            if isHealed, outcome.events % 64 == 0, hasArrived {
                outcome.arrived = now - (SimulationSettings.start + settings.healing)
                break
            }
        }
        if outcome.violations.isEmpty { checkEnd() }
        outcome.hash = trace.value
        return outcome
    }

    func plan(_ event: VirtualEvent, after delay: Duration) { heap.plan(event, at: now + delay) }

    func violate(_ what: String) {
        outcome.violations.append("\(now - SimulationSettings.start): \(what)")
    }

    func tally(_ what: String) {
        outcome.tally[what, default: 0] += 1
        trace.mix(what)
    }

    private func prepare() {
        for device in devices where !device.isGone {
            plan(.deviceStarts(device.index), after: generator.delay(0...60_000))
        }
        plan(.aggregatorStarts, after: generator.delay(0...5_000))
        // The last release comes a while before times become good.
        let span = settings.healing.flotillaNanoseconds / 1_000_000
        for number in 1...settings.releases {
            let share = Int(span) * number / (settings.releases + 1)
            plan(
                .releases(number),
                after: .milliseconds(share) + generator.delay(0...Int(span) / 20))
        }
        plan(.disturbs, after: .seconds(120))
        plan(.operatorLooks, after: .seconds(200))
        plan(.heals, after: settings.healing)
    }

    private func happen(_ event: VirtualEvent) {
        switch event {
        case .deviceWakes, .agentAnswered, .linkAnswered, .deviceHears, .deviceStarts:
            deviceEvent(event)
        case .brokerHears, .brokerNotices, .brokerTakesOrder, .brokerTakesAcknowledgement:
            brokerEvent(event)
        case .aggregatorHears, .aggregatorCommits, .aggregatorTicks, .aggregatorLooksAtGit,
            .aggregatorConnects, .aggregatorStarts:
            aggregatorEvent(event)
        case .releases, .gitIsHonest, .disturbs, .operatorLooks, .networkReturns, .heals:
            outsideEvent(event)
        }
    }

    // MARK: The end

    /// Whether everything that can arrive has.
    private var hasArrived: Bool {
        guard let state = aggregator.process?.machine.state, let rollout = state.current,
            rollout.release.revision == git[git.head].revision, rollout.standing == .complete
        else { return false }
        return devices.allSatisfy { $0.isGone || isThere($0) }
    }

    private func isThere(_ device: VirtualDevice) -> Bool {
        let wanted = git.digest(of: git.head, for: device.role)
        guard device.disk.confirmed == device.disk.current, device.digest == wanted,
            let row = aggregator.process?.register[device.id]
        else { return false }
        // And the aggregator knows it.
        return row.state?.digest == wanted && row.state?.confirmed == true && row.isOnline
            && device.link?.outbox.isEmpty ?? true
    }

    private func checkEnd() {
        guard outcome.arrived == nil else {
            checkEvents()
            return
        }
        let missing = devices.filter { !$0.isGone && !isThere($0) }
        let rollout = aggregator.process?.machine.state.current
        violate(
            "arrival: \(missing.count) devices never came to release \(git.head), the first is "
                + "\(missing.first?.id.text ?? "none"); the rollout is "
                + "\(rollout?.standing.rawValue ?? "none") because \(rollout?.reason ?? "")")
    }

    /// Nothing that a device could forget is lost.
    private func checkEvents() {
        for device in devices where !device.isGone && device.installations == 0 {
            for event in device.disk.events
            where !aggregator.store.events.contains(VirtualStore.name(device.id, event)) {
                violate("events: \(device.id) told \(event.kind) \(event.sequence), and it is lost")
                return
            }
        }
    }
}
