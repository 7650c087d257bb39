internal import Documents
internal import FleetModel
internal import HostSystem
internal import MQTTLink
internal import NetworkStreams
internal import Synchronization
internal import WireMessages

/// The loop of the ingest's thread: the link, what came and is not looked into yet, and what waits
/// to be said.
final class IngestLoop {
    private let settings: IngestSettings
    private let link: BrokerLink
    private let judge: BusJudge
    private let certificates: KnownCertificates
    private var intake: Intake
    private var log = BoundedLog()
    private var reconnection: Reconnection
    /// When the first of the waiting messages came.
    private var waitingSince: Instant?
    private var subscribedAt = Instant(nanoseconds: 0)
    private var isSubscribed = false

    /// Retained messages come at once after the subscription. Who has looked into everything that
    /// came in this time has the picture.
    private static let settlingTime = Duration.milliseconds(500)
    /// The loop looks around at least so often.
    private static let longestWait = Duration.seconds(1)

    init(_ settings: IngestSettings) throws(IngestFault) {
        self.settings = settings
        certificates = try KnownCertificates(
            authorityFile: settings.authorityFile, revokedFile: settings.revokedFile)
        judge = BusJudge(channel: settings.channel, certificates: certificates)
        intake = Intake(topics: settings.topics)
        reconnection = Reconnection(
            shortest: settings.shortestReconnect, slowest: settings.slowestReconnect)
        var linkSettings = LinkSettings(clientID: settings.clientID, tls: settings.tls)
        linkSettings.will = settings.will
        linkSettings.keepAlive = .seconds(30)
        linkSettings.inflightLimit = 200
        linkSettings.queuedMessages = 2_000
        linkSettings.queuedBytes = 32 << 20
        do throws(LinkError) {
            link = try BrokerLink(linkSettings)
        } catch {
            throw IngestFault("the link to the broker can't be made: \(error)")
        }
    }

    func run(for ingest: Ingest) {
        while !ingest.desk.withLock({ $0.isStopped }) {
            wait(for: ingest)
            let now = Clocks.monotonic()
            refreshCertificates(at: now)
            connectIfDue(at: now, ingest)
            handleEvents(at: now, ingest)
            say(for: ingest)
            handOver(at: now, ingest)
            settle(at: now, ingest)
        }
        sayLast(for: ingest)
    }

    // MARK: Waiting

    private func wait(for ingest: Ingest) {
        let now = Clocks.monotonic()
        var end = now + Self.longestWait
        if let deadline = link.nextDeadline { end = min(end, deadline) }
        if let due = reconnection.due { end = min(end, due) }
        if let since = waitingSince, ingest.desk.withLock({ $0.batch == nil }) {
            end = min(end, since + settings.gather)
        }
        // A batch that waits is no reason to look again and again: who takes it rings the bell.
        if isSubscribed, intake.isEmpty,
            ingest.desk.withLock({ $0.batch == nil && !$0.status.isSettled })
        {
            end = min(end, subscribedAt + Self.settlingTime)
        }
        var requests = [ingest.bell.request]
        // When too much waits to be looked into, nothing more is read for the moment.
        if let request = link.pollRequest, intake.count < settings.waitingMessages {
            requests.append(request)
        }
        do throws(SystemError) {
            try PollRequest.wait(for: &requests, timeout: max(.zero, end - now))
        } catch {
            write("wait", "\(error)", at: now)
        }
        ingest.bell.silence()
        link.serve(requests.count > 1 ? requests[1] : nil, at: Clocks.monotonic())
    }

    // MARK: The connection

    private func connectIfDue(at now: Instant, _ ingest: Ingest) {
        guard let due = reconnection.due, now >= due else { return }
        reconnection.begin()
        do {
            let address = try reconnection.nextAddress {
                () throws(NetworkError) in
                try settings.addresses(settings.broker)
            }
            try link.connect(
                to: address, port: settings.broker.port, expecting: settings.broker.host)
        } catch {
            linkEnded("\(error)", isRefusal: false, at: now, ingest)
        }
    }

    private func linkEnded(
        _ reason: String, isRefusal: Bool, at now: Instant, _ ingest: Ingest
    ) {
        isSubscribed = false
        reconnection.failed(at: Clocks.monotonic(), isRefusal: isRefusal)
        write("link", "the broker \(settings.broker) is away: \(reason)", at: now)
        ingest.desk.withLock { desk in
            desk.status = LinkStatus()
            desk.status.problem = reason
            desk.outgoing.dropPassing()
        }
        ingest.arrival.yield()
    }

    private func handleEvents(at now: Instant, _ ingest: Ingest) {
        while intake.count < settings.waitingMessages, let event = link.nextEvent() {
            switch event {
            case .connected:
                do throws(LinkError) {
                    _ = try link.subscribe(settings.topics.deviceFilters)
                } catch {
                    write("link", "can't subscribe: \(error)", at: now)
                    link.disconnect()
                }
            case .subscribed(_, let reasons): subscribed(reasons, at: now, ingest)
            case .disconnected(let reason, let isRefusal):
                linkEnded(reason, isRefusal: isRefusal, at: now, ingest)
            case .published(_, let reason):
                ingest.desk.withLock { desk in
                    desk.counters.published += 1
                    if reason >= 128 { desk.counters.refused += 1 }
                }
                if reason >= 128 {
                    write("refused", "the broker refuses what we say (\(reason))", at: now)
                }
            case .received(let message): received(message, at: now, ingest)
            }
        }
    }

    private func subscribed(_ reasons: [UInt8], at now: Instant, _ ingest: Ingest) {
        guard reasons.allSatisfy({ $0 < 128 }) else {
            write(
                "link", "the broker does not let us hear the devices: look at its ACL", at: now)
            link.disconnect()
            return
        }
        isSubscribed = true
        subscribedAt = now
        reconnection.succeeded()
        settings.log("connected to the broker \(settings.broker)")
        ingest.desk.withLock { desk in
            desk.status = LinkStatus()
            desk.status.isConnected = true
            desk.counters.connects += 1
            desk.outgoing.addStanding()
        }
        ingest.arrival.yield()
    }

    private func settle(at now: Instant, _ ingest: Ingest) {
        guard isSubscribed, intake.isEmpty, now - subscribedAt >= Self.settlingTime else { return }
        let changed = ingest.desk.withLock { desk in
            guard desk.batch == nil, !desk.status.isSettled else { return false }
            desk.status.isSettled = true
            return true
        }
        if changed { ingest.arrival.yield() }
    }

    // MARK: What comes

    private func received(_ message: LinkMessage, at now: Instant, _ ingest: Ingest) {
        ingest.desk.withLock { $0.counters.received += 1 }
        // An empty retained message is how somebody clears a topic; it says nothing.
        guard !message.payload.isEmpty else { return }
        do throws(DropReason) {
            try intake.add(topic: message.topic, payload: message.payload)
            if waitingSince == nil { waitingSince = now }
        } catch {
            drop(Dropped(error, ""), message.topic, at: now, ingest)
        }
    }

    private func drop(_ dropped: Dropped, _ topic: String, at now: Instant, _ ingest: Ingest) {
        let reason = dropped.reason
        ingest.desk.withLock { $0.counters.dropped[reason, default: 0] += 1 }
        let detail = dropped.detail.isEmpty ? "" : ": \(dropped.detail)"
        // A topic and what stands in a message are a stranger's words.
        let line = "a message on \(topic) is dropped (\(reason.rawValue))\(detail)"
        write(reason.rawValue, printable(String(line.prefix(500))), at: now)
    }

    private func handOver(at now: Instant, _ ingest: Ingest) {
        guard let since = waitingSince, !intake.isEmpty,
            now - since >= settings.gather || intake.count >= settings.batchMessages,
            ingest.desk.withLock({ $0.batch == nil })
        else { return }
        let wall = Clocks.wall()
        var batch: [HeardMessage] = []
        for message in intake.take(settings.batchMessages) {
            do throws(Dropped) {
                batch.append(try judge.judge(message, at: wall))
            } catch {
                ingest.desk.withLock { $0.disbelieved.note(error, of: message.device, at: wall) }
                let topic = settings.topics.topic(message.leaf, of: message.device)
                drop(error, topic, at: now, ingest)
            }
        }
        waitingSince = intake.isEmpty ? nil : now
        guard !batch.isEmpty else { return }
        ingest.desk.withLock { desk in
            desk.batch = batch
            desk.counters.batches += 1
            desk.counters.believed += Int64(batch.count)
            for message in batch { desk.disbelieved.forget(message) }
        }
        ingest.arrival.yield()
    }

    private func refreshCertificates(at now: Instant) {
        do throws(IngestFault) {
            if try certificates.refresh(at: now) {
                settings.log("the list of revoked certificates was read again")
            }
        } catch {
            write("revoked", "the list of revoked certificates can't be used: \(error)", at: now)
        }
    }

    // MARK: What is said

    private func say(for ingest: Ingest) {
        guard isSubscribed else { return }
        while let message = ingest.desk.withLock({ $0.outgoing.next }) {
            do throws(LinkError) {
                _ = try link.publish(message)
                ingest.desk.withLock { desk in
                    // Meanwhile something newer may stand there, which then goes next.
                    if desk.outgoing.next == message { desk.outgoing.removeNext() }
                }
            } catch {
                if case .invalid(let reason) = error {
                    write("publish", "a message can't be said: \(reason)", at: Clocks.monotonic())
                    ingest.desk.withLock { $0.outgoing.removeNext() }
                    continue
                }
                return
            }
        }
    }

    /// What the service said last, and goodbye; for a moment only.
    private func sayLast(for ingest: Ingest) {
        // An orderly goodbye publishes no will, so we say it ourselves.
        if let will = settings.will { ingest.publish([will]) }
        let end = Clocks.monotonic() + .seconds(2)
        while link.isConnected, Clocks.monotonic() < end {
            say(for: ingest)
            let isDone = ingest.desk.withLock { $0.outgoing.next == nil } && link.inFlight == 0
            if isDone { break }
            var requests = link.pollRequest.map { [$0] } ?? []
            guard (try? PollRequest.wait(for: &requests, timeout: .milliseconds(100))) != nil
            else { break }
            link.serve(requests.first, at: Clocks.monotonic())
            while link.nextEvent() != nil {}
        }
        link.disconnect()
    }

    private func write(_ kind: String, _ text: String, at now: Instant) {
        if let line = log.line(kind, text, at: now) { settings.log(line) }
    }
}
