internal import ChannelWatch
package import Documents
package import FleetAnswers
package import FleetModel
internal import FleetRegister
internal import FleetStore
internal import HostSystem
internal import Ingest
internal import ReleaseTrust
internal import RolloutEngine
internal import WireMessages

extension RolloutService: FleetAnswering {
    /// Made anew when something changed, and as time alone changes standings, every second.
    func currentPicture() -> FleetPicture {
        let now = Clocks.monotonic()
        let revision = listeners.revision
        if let picture, picture.revision == revision, now - picture.made < .seconds(1) {
            return picture
        }
        let made = FleetPicture(
            of: register, machine, revision: revision, now: wall(), made: now)
        picture = made
        return made
    }

    package func devices(_ query: DeviceQuery) -> JSONValue {
        let picture = currentPicture()
        var counts = StandingCounts()
        var (total, online, drifting) = (0, 0, 0)
        var page: [FleetPicture.Device] = []
        var hasMore = false
        for device in picture.devices {
            let (row, standing) = (device.row, device.place.standing)
            let drift = row.state?.drift.count ?? 0
            guard query.fits(row.id, labels: row.state?.labels ?? Labels(), drift: drift) else {
                continue
            }
            counts[standing] += 1
            online += row.isOnline ? 1 : 0
            drifting += drift > 0 ? 1 : 0
            if let wanted = query.standing, wanted != standing.word { continue }
            total += 1
            if let after = query.after, row.id <= after { continue }
            if page.count < query.limit { page.append(device) } else { hasMore = true }
        }
        return [
            "version": 1, "revision": .integer(picture.revision), "total": .integer(Int64(total)),
            "online": .integer(Int64(online)), "drifting": .integer(Int64(drifting)),
            "counts": counts.json,
            "devices": .array(page.map { .object(picture.json(of: $0)) }),
            "next": hasMore ? .text(page.last?.row.id.text) : .null,
        ]
    }

    package func device(_ id: DeviceID) -> JSONValue? {
        let picture = currentPicture()
        guard let device = picture.device(id) else { return nil }
        var members = picture.detail(of: device)
        members["events"] = .array(storedEvents(after: nil, of: id, limit: 20).map(\.json))
        members["why"] = .array(chain(of: device, in: picture).steps.map(\.json))
        return .object(members)
    }

    package func why(_ id: DeviceID) -> JSONValue? {
        let picture = currentPicture()
        guard let device = picture.device(id) else { return nil }
        let chain = chain(of: device, in: picture)
        return [
            "version": 1, "device": .string(id.text), "verdict": .string(chain.verdict),
            "steps": .array(chain.steps.map(\.json)),
        ]
    }

    private func chain(of device: FleetPicture.Device, in picture: FleetPicture) -> WhyChain {
        var reason: String?
        if let release = picture.rollout?.release.revision {
            switch expectations[device.row.id, release] {
            case .needsAgent(let text), .invalid(let text): reason = text
            case .digest, nil: reason = nil
            }
        }
        return WhyChain(
            of: device, in: picture, order: machine.state.order, view: view, link: ingest.status,
            disbelieved: ingest.disbelieved[device.row.id], misfit: reason, now: wall())
    }

    package func rollouts() -> JSONValue {
        let picture = currentPicture()
        var members = picture.report.json(of: machine.state)
        members["version"] = 1
        members["fleet"] = .string(settings.channel.fleet)
        members["channel"] = .string(settings.channel.channel)
        members["tip"] = .text((view.tip ?? machine.state.tip)?.text)
        members["trust"] = [
            "release": .text(view.head?.release.text),
            "refusal": view.refusal.map { refusal in
                [
                    "code": .string(refusal.code.rawValue),
                    "reason": .string("\(refusal.message). \(refusal.fix)"),
                ]
            } ?? arrivalProblem ?? .null,
        ]
        if case .array(let past)? = members["past"] {
            members["past"] = .array(past.map(\.withSince))
        }
        return .object(members)
    }

    /// A trusted release that is not rolled out because nobody can use it.
    private var arrivalProblem: JSONValue? {
        guard let arriving, let faults = contents[arriving]?.faults else { return nil }
        return ["code": "invalid", "reason": .string(faults)]
    }

    package func drift() -> JSONValue {
        // The register wants the places in its own order.
        let fleet = register.rows
        let picture = currentPicture()
        let places = fleet.map { picture.device($0.id)?.place }.compactMap(\.self)
        let drifts = register.drift(in: picture.rollout, places: places)
        return [
            "version": 1, "total": .integer(Int64(drifts.count)),
            "devices": .array(
                drifts.prefix(1_000).map { drift in
                    [
                        "id": .string(drift.id.text), "kind": .string(drift.kind.rawValue),
                        "count": .integer(Int64(drift.count)),
                        "paths": .array(drift.paths.map { .string($0) }),
                        "since": .time(drift.since), "expected": .digest(drift.expected),
                        "digest": .digest(drift.digest),
                    ]
                }),
        ]
    }

    package func events(_ query: EventQuery) -> JSONValue {
        let events = storedEvents(after: query.after, of: query.device, limit: query.limit)
        return [
            "version": 1, "events": .array(events.map(\.json)),
            "next": .integer(events.last?.number ?? query.after ?? 0),
        ]
    }

    private func storedEvents(
        after: Int64?, of device: DeviceID?, limit: Int
    ) -> [(number: Int64, json: JSONValue)] {
        do throws(StoreError) {
            return try store.events(after: after, of: device, limit: limit)
                .map { ($0.number, JSONValue($0.event, number: $0.number)) }
        } catch {
            // Whoever asks for events gets none.
            settings.log("can't read events: \(error)")
            return []
        }
    }

    package func pushed() { watch.hint() }

    package func changes() -> AsyncStream<Int64> { listeners.stream() }
}

extension JSONValue {
    /// What is over has its end as the time of its standing.
    fileprivate var withSince: JSONValue {
        guard case .object(var members) = self else { return self }
        members["since"] = members["ended"]
        return .object(members)
    }
}
