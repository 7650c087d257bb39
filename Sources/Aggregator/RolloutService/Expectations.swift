internal import ChannelWatch
internal import FleetModel
internal import Resolution
internal import WireMessages

/// What devices should have under the releases that matter now, as far as it is known, and what is
/// still to be asked. A device's answer depends on what it said of itself, so it is asked for anew
/// when that changes.
struct Expectations {
    /// One question to the channel's thread.
    struct Question: Equatable {
        var number: Int
        var release: Revision
        var devices: [DeviceIdentity]
    }

    private struct Known {
        var identity: DeviceIdentity
        /// Nil while it is asked for.
        var state: ExpectedState?
    }

    /// Devices of one question: looks at the channel wait for its answer.
    static let questionSize = 250

    private(set) var releases: [Revision] = []
    private var identities: [DeviceID: DeviceIdentity] = [:]
    private var known: [Revision: [DeviceID: Known]] = [:]
    /// Devices to ask about, in the order in which they came.
    private var waiting: [Revision: [DeviceID]] = [:]
    private var asked: [Int: Question] = [:]
    private var nextNumber = 1

    /// The releases that matter; what is known of others is forgotten.
    mutating func setReleases(_ wanted: [Revision]) {
        guard wanted != releases else { return }
        for release in releases where !wanted.contains(release) {
            known[release] = nil
            waiting[release] = nil
        }
        for release in wanted where !releases.contains(release) {
            waiting[release] = identities.keys.sorted()
        }
        releases = wanted
    }

    /// What a device says of itself now.
    mutating func setIdentity(_ identity: DeviceIdentity) {
        guard identities[identity.id] != identity else { return }
        identities[identity.id] = identity
        for release in releases { waiting[release, default: []].append(identity.id) }
    }

    /// What to ask next; nil where nothing is to be asked, or enough was.
    mutating func nextQuestion() -> Question? {
        // One at a time: a push must not wait for the resolution of a whole fleet.
        guard asked.isEmpty else { return nil }
        for release in releases {
            var devices: [DeviceIdentity] = []
            var taken = 0
            for id in waiting[release] ?? [] {
                guard devices.count < Self.questionSize else { break }
                taken += 1
                guard let identity = identities[id], known[release]?[id]?.identity != identity
                else { continue }
                devices.append(identity)
                known[release, default: [:]][id] = Known(identity: identity, state: nil)
            }
            waiting[release]?.removeFirst(taken)
            guard !devices.isEmpty else { continue }
            let question = Question(number: nextNumber, release: release, devices: devices)
            nextNumber += 1
            asked[question.number] = question
            return question
        }
        return nil
    }

    /// Takes an answer in. Returns those that are news.
    mutating func take(
        _ answers: [DeviceID: ExpectedState], to number: Int
    ) -> (release: Revision, states: [DeviceID: ExpectedState])? {
        guard let question = asked.removeValue(forKey: number),
            releases.contains(question.release)
        else { return nil }
        var news: [DeviceID: ExpectedState] = [:]
        for identity in question.devices {
            // Meanwhile the device may have said something else, and is asked about again.
            guard let state = answers[identity.id],
                known[question.release]?[identity.id]?.identity == identity
            else { continue }
            known[question.release]?[identity.id]?.state = state
            news[identity.id] = state
        }
        return (question.release, news)
    }

    /// A question that could not be answered is asked again later.
    mutating func giveBack(_ number: Int) {
        guard let question = asked.removeValue(forKey: number) else { return }
        for identity in question.devices {
            if known[question.release]?[identity.id]?.identity == identity {
                known[question.release]?[identity.id] = nil
            }
            waiting[question.release]?.append(identity.id)
        }
    }

    subscript(device: DeviceID, release: Revision) -> ExpectedState? {
        known[release]?[device]?.state
    }

    /// Whether every device that told its state is resolved under a release.
    func isComplete(for release: Revision) -> Bool {
        releases.contains(release)
            && identities.allSatisfy { id, identity in
                let found = known[release]?[id]
                return found?.identity == identity && found?.state != nil
            }
    }
}

extension DeviceIdentity {
    /// What a device says of itself in its state; nil where it does not tell enough to resolve a
    /// release for it.
    init?(of state: ReportedState) {
        guard let architecture = state.facts["arch"], let agent = try? AgentVersion(state.agent)
        else { return nil }
        self.init(
            id: state.device, channel: state.channel,
            localLabels: state.labels.byKey.filter { $0.value.source == .local }
                .mapValues(\.value),
            architecture: architecture, board: state.facts["board"], osID: state.facts["os.id"],
            osVersion: state.facts["os.version"], agent: agent)
    }
}
