import Documents
import FleetAnswers
import FleetModel
import Foundation

/// A fleet that answers as the aggregator does, out of thin air: 48 devices, a rollout in its second
/// wave, drift, a device that says `<script>`.
actor SampleFleet: FleetAnswering {
    static let release = "3f2a91c07be44d1c9a5a0f6f1f0a7b9d2c3e4f50"
    static let before = "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334"
    static let hostile = "<script>alert(1)</script>\"\u{301} onmouseover=\"alert(2)"

    struct Device {
        var id: String
        var standing: String
        var isOnline = true
        var wave: String
        var ring: String
        var site: String
        var problem: String?
        var drift = 0
    }

    private(set) var devices: [Device]
    private(set) var pushes = 0
    private(set) var commands: [[UInt8]] = []
    private var revision: Int64 = 1
    private var listeners: [Int: AsyncStream<Int64>.Continuation] = [:]
    private var nextListener = 0
    private var commandAnswer = CommandAnswer.accepted(standing: "paused")
    private var healthStatus = "ok"
    private var extraMetrics: [Metric] = []
    private var delay = Duration.zero
    private var happened: [JSONValue] = []
    /// When the pictured moment is.
    private let now: Int64

    init(now: Date = Date()) {
        self.now = Int64(now.timeIntervalSince1970 * 1000)
        devices = Self.sample()
        happened = Self.events(at: self.now)
    }

    private static func sample() -> [Device] {
        let sites = ["altona", "berlin", "hamburg", "kiel"]
        var devices = (0..<48).map { index in
            let wave = index < 4 ? "canary" : index < 24 ? "half" : "rest"
            let standing =
                switch index {
                case 0..<4: "succeeded"
                case 4..<15: "succeeded"
                case 15..<20: "moving"
                case 20..<24: "waiting"
                case 40..<44: "unchanged"
                default: "waiting"
                }
            return Device(
                id: "berth-\(index < 10 ? "0" : "")\(index)", standing: standing, wave: wave,
                ring: index < 4 ? "canary" : "broad", site: sites[index % 4])
        }
        devices[13].standing = "rolledBack"
        devices[13].problem =
            "the health gate failed: http check `web` on http://127.0.0.1:8080/health answered 503"
        devices[18].standing = "offline"
        devices[18].isOnline = false
        devices[22].standing = "held"
        devices[22].problem = "held by a technician: pump is being replaced until 16:00"
        devices[30].drift = 2
        devices[30].problem = "2 managed files were changed by hand"
        devices[45].problem = hostile
        devices[47].isOnline = false
        devices[47].standing = "offline"
        return devices
    }

    // MARK: What a test makes happen

    func set(_ answer: CommandAnswer) { commandAnswer = answer }
    func set(healthStatus: String) { self.healthStatus = healthStatus }
    func set(metrics: [Metric]) { extraMetrics = metrics }
    func set(delay: Duration) { self.delay = delay }
    var listenerCount: Int { listeners.count }

    func change() {
        revision += 1
        for listener in listeners.values { listener.yield(revision) }
    }

    /// One device arrives.
    func progress() {
        guard let index = devices.firstIndex(where: { $0.standing == "moving" }) else { return }
        devices[index].standing = "succeeded"
        happened.append(
            Self.event(
                happened.count + 1, devices[index].id, "confirmed", "release 3f2a91c0 is healthy",
                at: Int64(Date().timeIntervalSince1970 * 1000)))
        if let next = devices.firstIndex(where: {
            $0.standing == "waiting" && $0.wave == "half"
        }) {
            devices[next].standing = "moving"
        }
        change()
    }

    // MARK: FleetAnswering

    func pushed() { pushes += 1 }

    func command(_ message: [UInt8]) -> CommandAnswer {
        commands.append(message)
        return commandAnswer
    }

    func changes() -> AsyncStream<Int64> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Int64.self, bufferingPolicy: .bufferingNewest(1))
        let number = nextListener
        nextListener += 1
        listeners[number] = continuation
        continuation.onTermination = { _ in Task { await self.forget(number) } }
        continuation.yield(revision)
        return stream
    }

    private func forget(_ number: Int) { listeners[number] = nil }

    func health() -> JSONValue {
        [
            "version": 1, "status": .string(healthStatus), "broker": "ok", "git": "ok",
            "store": .string(healthStatus),
        ]
    }

    func metrics() -> [Metric] {
        [
            Metric(
                "flotilla_devices", "Known devices by state", .gauge,
                counts(devices).sorted { $0.key < $1.key }.map {
                    Metric.Sample(Double($0.value), [.init("state", $0.key)])
                })
        ] + extraMetrics
    }

    func devices(_ query: DeviceQuery) async -> JSONValue {
        if delay > .zero { try? await Task.sleep(for: delay) }
        let found = devices.filter { device in
            guard let id = DeviceID(device.id) else { return false }
            return query.fits(id, labels: labels(of: device), drift: device.drift)
        }
        let fitting = found.filter { query.standing == nil || $0.standing == query.standing }
        let rest = fitting.filter { device in query.after.map { device.id > $0.text } ?? true }
        let page = rest.prefix(query.limit)
        return [
            "version": 1, "revision": .integer(revision), "total": number(fitting.count),
            "online": number(found.count { $0.isOnline }),
            "drifting": number(found.count { $0.drift > 0 }),
            "counts": .object(counts(found).mapValues(number)),
            "devices": .array(page.map { .object(row($0)) }),
            "next": rest.count > page.count ? page.last.map { .string($0.id) } ?? .null : .null,
        ]
    }

    func device(_ id: DeviceID) -> JSONValue? {
        guard let device = devices.first(where: { $0.id == id.text }) else { return nil }
        var members = row(device)
        members["version"] = 1
        members["labels"] = [
            "ring": ["value": .string(device.ring), "source": "device-file"],
            "site": ["value": .string(device.site), "source": "local"],
            "arch": ["value": "x86_64", "source": "built-in"],
        ]
        members["facts"] = ["arch": "x86_64", "os.id": "debian", "os.version": "12"]
        members["driftPaths"] = device.drift > 0 ? ["/etc/motd", "/etc/nginx/nginx.conf"] : []
        members["driftSince"] = device.drift > 0 ? .integer(now - 4_000_000) : .null
        members["holdReason"] = device.standing == "held" ? "pump is being replaced" : .null
        members["trustHead"] = .string(Self.release)
        members["order"] = 1_774_268_800_123
        members["events"] = .array(
            happened.filter { event in
                if case .object(let members) = event {
                    return members["device"] == .string(id.text)
                }
                return false
            })
        members["why"] = steps(device)
        return .object(members)
    }

    func why(_ id: DeviceID) -> JSONValue? {
        guard let device = devices.first(where: { $0.id == id.text }) else { return nil }
        let verdict =
            switch device.standing {
            case "succeeded": "It has the release and is healthy."
            case "rolledBack": "It tried the release, was not healthy, and went back by itself."
            case "waiting": "Its wave is not open yet."
            default: "It is \(device.standing)."
            }
        return [
            "version": 1, "device": .string(device.id), "verdict": .string(verdict),
            "steps": steps(device),
        ]
    }

    func rollouts() -> JSONValue { rolloutsAnswer() }

    func drift() -> JSONValue {
        let drifting = devices.filter { $0.drift > 0 }
        return [
            "version": 1, "total": number(drifting.count),
            "devices": .array(
                drifting.map { device in
                    [
                        "id": .string(device.id), "kind": "files", "count": number(device.drift),
                        "paths": ["/etc/motd", "/etc/nginx/nginx.conf"],
                        "since": .integer(now - 4_000_000), "expected": .string(digest("a")),
                        "digest": .string(digest("a")),
                    ]
                }),
        ]
    }

    func events(_ query: EventQuery) -> JSONValue {
        let fitting = happened.enumerated().filter { index, event in
            guard case .object(let members) = event else { return false }
            return query.device.map { members["device"] == .string($0.text) } ?? true
        }
        let page =
            query.after.map { after in fitting.filter { $0.offset + 1 > after }.prefix(query.limit)
            }
            ?? fitting.suffix(query.limit)
        return [
            "version": 1, "events": .array(page.map(\.element)),
            "next": page.last.map { number($0.offset + 1) } ?? .integer(query.after ?? 0),
        ]
    }
}

// MARK: The shapes

extension SampleFleet {
    private func number(_ value: Int) -> JSONValue { .integer(Int64(value)) }
    private func digest(_ letter: Character) -> String { String(repeating: letter, count: 64) }

    private func counts(_ devices: [Device]) -> [String: Int] {
        devices.reduce(into: [:]) { $0[$1.standing, default: 0] += 1 }
    }

    private func labels(of device: Device) -> Labels {
        Labels([
            "ring": Label(device.ring, from: .deviceFile), "site": Label(device.site, from: .local),
        ])
    }

    private func row(_ device: Device) -> [String: JSONValue] {
        let hasIt = ["succeeded", "unchanged"].contains(device.standing)
        return [
            "id": .string(device.id), "state": .string(device.standing),
            "presence": device.isOnline ? "online" : "offline",
            "lastHeard": .integer(now - (device.isOnline ? 9_000 : 7_600_000)),
            "phase": device.standing == "moving" ? "settling" : "idle", "generation": 12,
            "confirmed": .bool(device.standing != "moving"),
            "revision": .string(hasIt ? Self.release : Self.before),
            "digest": .string(digest(hasIt ? "a" : "b")), "expected": .string(digest("a")),
            "problem": device.problem.map { .string($0) } ?? .null, "alarm": .null,
            "drift": number(device.drift), "hold": .bool(device.standing == "held"),
            "stale": false,
            "labels": ["ring": .string(device.ring), "site": .string(device.site)],
            "agent": "0.1.0", "wave": .string(device.wave),
        ]
    }

    private func steps(_ device: Device) -> JSONValue {
        let isWell = device.standing != "rolledBack"
        return [
            [
                "ok": true, "what": "It is online.", "detail": "Heard 9 seconds ago.", "fix": .null,
            ],
            [
                "ok": true, "what": "It trusts the release.", "detail": "Signed by ada, bob.",
                "fix": .null,
            ],
            [
                "ok": .bool(isWell), "what": isWell ? "Nothing failed." : "The health gate failed.",
                "detail": device.problem.map { .string($0) } ?? .null,
                "fix": isWell ? .null : "Look at its web server, then publish a mended release.",
            ],
        ]
    }

    private func rolloutsAnswer() -> JSONValue {
        let waves: [JSONValue] = [("canary", "done"), ("half", "open"), ("rest", "waiting")].map {
            name, state in
            let members = devices.filter { $0.wave == name && $0.standing != "unchanged" }
            return [
                "name": .string(name), "state": .string(state),
                "opened": state == "waiting"
                    ? .null : .integer(now - (state == "done" ? 1_900_000 : 260_000)),
                "devices": number(members.count),
                "counts": .object(counts(members).mapValues(number)),
            ]
        }
        let decisions: [(age: Int64, wave: String?, text: String)] = [
            (1_900_000, "canary", "Opened wave canary to 4 of 44 affected devices."),
            (860_000, nil, "Wave canary: 4 of 4 succeeded (100 %). Soaking for 10 min."),
            (
                260_000, "half",
                "Wave canary stayed well for 10 min. Opened wave half to 20 more devices."
            ),
            (95_000, nil, "1 of 15 outcomes in wave half is rolledBack; the limit is 2. Going on."),
        ]
        return [
            "version": 1, "fleet": "harbour", "channel": "main", "tip": .string(Self.release),
            "trust": ["release": .string(Self.release), "refusal": .null],
            "current": [
                "release": .string(Self.release), "tree": .string(Self.before),
                "standing": "rolling", "since": .integer(now - 1_900_000), "reason": .null,
                "waves": .array(waves), "counts": .object(counts(devices).mapValues(number)),
                "affected": 44,
                "order": [
                    "sequence": 1_774_268_800_123, "issued": .integer(now - 60_000),
                    "startBefore": .integer(now + 840_000),
                ],
                "queued": .null,
                "decisions": .array(
                    decisions.enumerated().map { index, decision in
                        [
                            "number": number(index + 1), "at": .integer(now - decision.age),
                            "kind": decision.wave == nil ? "began" : "opened",
                            "release": .string(Self.release),
                            "wave": decision.wave.map { .string($0) } ?? .null,
                            "text": .string(decision.text), "counts": ["succeeded": 4],
                            "previous": index == 0 ? .null : .string(digest("b")),
                            "digest": .string(digest("c")),
                        ]
                    }),
            ],
            "past": [
                [
                    "release": .string(Self.before), "tree": .string(Self.before),
                    "standing": "complete", "since": .integer(now - 90_000_000),
                    "began": .integer(now - 95_000_000), "ended": .integer(now - 90_000_000),
                    "reason": .null, "affected": 48, "counts": ["succeeded": 48],
                ]
            ],
        ]
    }

    private static func events(at now: Int64) -> [JSONValue] {
        [
            event(1, "berth-00", "confirmed", "release 3f2a91c0 is healthy", at: now - 1_700_000),
            event(2, "berth-01", "confirmed", "release 3f2a91c0 is healthy", at: now - 1_690_000),
            event(3, "berth-30", "drift", "/etc/motd was changed", at: now - 900_000),
            event(4, "berth-22", "held", "pump is being replaced", at: now - 600_000),
            event(
                5, "berth-13", "failed",
                "http check `web` on http://127.0.0.1:8080/health answered 503", at: now - 96_000),
            event(6, "berth-13", "rolledBack", "back on generation 11", at: now - 95_000),
            event(7, "berth-14", "confirmed", "release 3f2a91c0 is healthy", at: now - 40_000),
        ]
    }

    private static func event(
        _ number: Int, _ device: String, _ kind: String, _ detail: String, at: Int64
    ) -> JSONValue {
        [
            "number": .integer(Int64(number)), "device": .string(device), "epoch": 3,
            "sequence": .integer(Int64(number)), "kind": .string(kind), "generation": 12,
            "revision": .string(release), "digest": .string(String(repeating: "a", count: 64)),
            "detail": .string(detail), "at": .integer(at), "received": .integer(at + 80),
            "isOutcome": .bool(["confirmed", "failed", "rolledBack"].contains(kind)),
        ]
    }
}
