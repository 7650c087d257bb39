internal import AgentMachine
internal import DeviceBus
internal import DeviceLink
internal import DeviceRecords
internal import Documents
internal import FleetModel
internal import HostSystem
internal import JSONDocument

extension AgentLoop {
    /// A look-up takes as long as resolv.conf says, which may be for ever.
    static let resolveDeadline = Duration.seconds(20)
    /// What the link may take to say good-bye; it gives up by itself before.
    private static let leavePatience = Duration.seconds(5)
    /// After the last thing that was done, until the code that it needed is given back.
    private static let trimPause = Duration.seconds(5)

    /// Lets the link do what is due, and does what it asks for.
    func serveBus(_ ready: PollRequest?) {
        guard let bus else { return }
        // Each ping's answer brings a few MiB of code back.
        if ready?.isReady == true { trimLater() }
        for wish in bus.serve(ready, live: status) {
            switch wish {
            case .resolve(let host, let port): resolve(host, port)
            case .orderChanged(let order): inputs.append(.orderChanged(order.map(OrderView.init)))
            case .linkChanged(let isUp):
                inputs.append(.linkChanged(isUp: isUp))
                if isUp { trimAt = Clocks.monotonic() + Self.trimPause }
            case .fetch: inputs.append(.fetchWanted)
            case .say(let text): say(text)
            }
        }
    }

    private func resolve(_ host: String, _ port: Int) {
        let command = workerCommand(["resolve", host, String(port)])
        start(.resolve, command, deadline: Self.resolveDeadline)
    }

    func resolved(_ output: [UInt8]) {
        do {
            bus?.resolved(try Self.addresses(in: output))
        } catch {
            bus?.resolveFailed("the worker's answer can't be read: \(error)")
        }
    }

    static func addresses(in answer: [UInt8]) throws(InvalidDocument) -> [String] {
        let file = "the worker's answer"
        let node = try JSON.parse(answer, file: file)
        var reader = RecordReader(node, file: file, what: "look-up")
        let addresses = reader.texts("addresses")
        try reader.finish(format: 1)
        return Array(addresses.prefix(addressLimit))
    }

    /// Nobody waits for more than that many that do not answer.
    private static let addressLimit = 8

    /// Says good-bye to the broker, so that it does not take this for a death.
    func leave(_ link: DeviceBus) {
        link.leave()
        let end = Clocks.monotonic() + Self.leavePatience
        while !link.hasLeft, Clocks.monotonic() < end {
            var requests = [link.pollRequest].compactMap { $0 }
            let timeout = max(.zero, min(link.wakeAt, end) - Clocks.monotonic())
            do throws(SystemError) {
                try PollRequest.wait(for: &requests, timeout: timeout)
            } catch {
                say("the broker hears no good-bye: \(error)")
                return
            }
            link.serve(requests.first)
        }
    }

    /// Nothing is under way at all.
    var isAtRest: Bool { jobs.isEmpty && machine.isIdle }

    /// Most code is run once, at the start or in a move. A device that is idle for years does not
    /// hold it in memory.
    func trimWhenIdle() {
        guard isAtRest, Clocks.monotonic() >= trimAt else { return }
        trimAt = Instant(nanoseconds: .max)
        do throws(SystemError) {
            try CodeMemory.release()
        } catch {
            say("memory is not given back: \(error)")
        }
    }

    /// Work was done: what it needed is given back a little later, where that was done before.
    func trimLater() {
        guard bus?.pollRequest != nil else { return }
        trimAt = Clocks.monotonic() + Self.trimPause
    }
}

extension OrderView {
    fileprivate init(_ order: OpenOrder) {
        self.init(
            release: order.release, tip: order.tip, isOpen: order.isOpen, startAt: order.startAt,
            startBefore: order.startBefore)
    }
}
