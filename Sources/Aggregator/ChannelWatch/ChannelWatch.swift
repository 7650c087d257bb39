package import FleetModel
internal import HostSystem
internal import ReleaseTrust
package import Resolution
internal import Synchronization

/// Looks at the channel again and again, and answers what its releases mean for devices. It has a
/// thread of its own, for Git blocks; who asks gets reports.
package final class ChannelWatch: Sendable {
    /// What comes back, in the order in which it happened.
    package enum Report: Equatable, Sendable {
        /// After each look.
        case view(ChannelView)
        /// What a release says.
        case content(ReleaseContent)
        /// What devices should have under a release; `number` is the question's.
        case expectations(number: Int, Revision, [DeviceID: ExpectedState])
        /// A question could not be answered: the store is damaged.
        case unanswered(number: Int, Revision, ChannelFault)
    }

    private enum Question {
        case content(number: Int, Revision)
        case expectations(number: Int, Revision, [DeviceIdentity])
    }

    private struct Desk {
        var questions: [Question] = []
        var isHinted = false
        var isStopped = false
    }

    package let reports: AsyncStream<Report>
    private let report: AsyncStream<Report>.Continuation
    private let settings: ChannelSettings
    private let fetching: any ChannelFetching
    private let channel: Mutex<VerifiedChannel>
    private let desk = Mutex(Desk())
    private let bell: WakeUp

    /// Opens what is known of the channel; looks at nothing yet.
    package init(
        _ settings: ChannelSettings, fetching: some ChannelFetching
    ) throws(ChannelFault) {
        self.settings = settings
        self.fetching = fetching
        bell = try at(.store) { try WakeUp() }
        channel = Mutex(try VerifiedChannel(settings))
        // Whoever asks reads what comes back, and asks for a bounded number of devices at a time.
        (reports, report) = AsyncStream.makeStream(of: Report.self)
    }

    /// Watches until `stop` is called or the task is cancelled.
    package func run() async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                do {
                    try OwnThread.start("channel") { [self] in
                        channel.withLock { watch($0) }
                        report.finish()
                        continuation.resume()
                    }
                } catch {
                    continuation.resume(throwing: error)
                }
            }
        } onCancel: {
            stop()
        }
    }

    package func stop() {
        desk.withLock { $0.isStopped = true }
        bell.ring()
    }

    /// Somebody says that the channel moved. Nothing is believed; the next look is now.
    package func hint() {
        desk.withLock { $0.isHinted = true }
        bell.ring()
    }

    /// Answered by a report of `content`.
    package func askContent(number: Int, of release: Revision) {
        ask(.content(number: number, release))
    }

    /// Answered by a report of `expectations`. Ask for some hundred devices at a time: a question
    /// is answered as a whole, and looks wait for it.
    package func askExpectations(
        number: Int, of devices: [DeviceIdentity], under release: Revision
    ) {
        ask(.expectations(number: number, release, devices))
    }

    private func ask(_ question: Question) {
        desk.withLock { $0.questions.append(question) }
        bell.ring()
    }
}

// MARK: The thread

extension ChannelWatch {
    private func watch(_ channel: VerifiedChannel) {
        var view = ChannelView()
        view.head = channel.head
        report.yield(.view(view))
        var lastLook: Instant?
        while !isStopped {
            bell.silence()
            let (question, isHinted) = takeWork()
            if let question { answer(question, from: channel) }
            let now = Clocks.monotonic()
            let due = nextLook(after: lastLook, failures: view.failures, isHinted: isHinted)
            if now >= due {
                desk.withLock { $0.isHinted = false }
                look(channel, &view)
                lastLook = Clocks.monotonic()
            } else if question == nil {
                // A wait that fails returns at once, and the loop comes here again.
                try? bell.wait(due - now)
            }
        }
    }

    private var isStopped: Bool { desk.withLock { $0.isStopped } }

    private func takeWork() -> (question: Question?, isHinted: Bool) {
        desk.withLock { desk in
            (desk.questions.isEmpty ? nil : desk.questions.removeFirst(), desk.isHinted)
        }
    }

    private func nextLook(after lastLook: Instant?, failures: Int, isHinted: Bool) -> Instant {
        guard let lastLook else { return Instant(nanoseconds: 0) }
        return lastLook
            + (isHinted ? settings.shortestGap : settings.pause(afterFailures: failures))
    }

    private func look(_ channel: VerifiedChannel, _ view: inout ChannelView) {
        do throws(ChannelFault) {
            let order = try channel.order()
            let tip = try fetching.fetch(order) { [self] in isStopped }
            let verdict = try channel.advance(to: tip)
            view.tip = tip
            view.head = verdict.head
            view.refusal = verdict.refusal
            view.isHeadSignerTrusted = verdict.headSignerStillTrusted
            view.seen = Clocks.wall()
            view.failure = nil
            view.failures = 0
        } catch {
            view.failure = error
            view.failures += 1
        }
        report.yield(.view(view))
    }

    private func answer(_ question: Question, from channel: VerifiedChannel) {
        switch question {
        case .content(let number, let release):
            do throws(ChannelFault) {
                report.yield(.content(try channel.content(of: release)))
            } catch {
                report.yield(.unanswered(number: number, release, error))
            }
        case .expectations(let number, let release, let devices):
            do throws(ChannelFault) {
                let expectations = try channel.expectations(of: devices, under: release)
                report.yield(.expectations(number: number, release, expectations))
            } catch {
                report.yield(.unanswered(number: number, release, error))
            }
        }
    }
}
