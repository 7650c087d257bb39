internal import FleetModel
internal import Glibc
package import HostSystem

/// All waiting of the demo goes through here, so that a signal ends any of it at once, and so that
/// nothing waits without a deadline.
package final class Watchman {
    private let signals: SignalQueue
    /// Called again and again while something is waited for.
    package var whileWaiting: () -> Void = {}

    /// Between two looks at something that cannot say when it changes.
    private static let pause = Duration.milliseconds(40)

    /// - Parameter watchesSignals: Whether SIGINT, SIGTERM and SIGHUP end any waiting.
    package init(watchesSignals: Bool) throws {
        signals = try SignalQueue(watchesSignals ? [.interrupt, .terminate, .hangUp] : [])
    }

    /// Runs a program to its end.
    package func run(
        _ command: ChildCommand, deadline: Duration = .seconds(120)
    ) throws -> ChildOutcome {
        guard let outcome = try run(together: [command], deadline: deadline).first else {
            fatalError("A command has an outcome")
        }
        return outcome
    }

    /// Runs programs beside each other to their ends; gives the outcomes in the same order.
    package func run(
        together commands: [ChildCommand], deadline: Duration = .seconds(120)
    ) throws -> [ChildOutcome] {
        let children = try commands.map { try $0.start() }
        var outcomes = [ChildOutcome?](repeating: nil, count: children.count)
        let end = Clocks.monotonic() + deadline
        while true {
            for (index, child) in children.enumerated() where outcomes[index] == nil {
                outcomes[index] = Self.outcome(of: child, isLate: Clocks.monotonic() >= end)
            }
            let running = children.indices.filter { outcomes[$0] == nil }
            if running.isEmpty { return outcomes.compactMap { $0 } }
            try wait(for: running.flatMap { children[$0].descriptors }, atMost: .milliseconds(100))
        }
    }

    private static func outcome(of child: RunningChild, isLate: Bool) -> ChildOutcome? {
        child.collect()
        if let status = child.reap() {
            // What it wrote last is still in the pipe.
            child.collect()
            return ChildOutcome(
                status: .ended(status), output: child.output, errors: child.errors)
        }
        guard isLate else { return nil }
        child.endGroup(with: SIGKILL)
        return ChildOutcome(status: .timedOut, output: child.output, errors: child.errors)
    }

    /// Looks again and again until `condition` holds; false when it did not within `patience`.
    package func wait(atMost patience: Duration, until condition: () throws -> Bool) throws
        -> Bool
    {
        let end = Clocks.monotonic() + patience
        while true {
            if try condition() { return true }
            if Clocks.monotonic() >= end { return false }
            try wait(for: [], atMost: Self.pause)
        }
    }

    /// Lets a stretch of time go by. Only for moments that are meant to be arbitrary.
    package func letPass(_ duration: Duration) throws {
        let end = Clocks.monotonic() + duration
        while Clocks.monotonic() < end {
            try wait(for: [], atMost: min(end - Clocks.monotonic(), .milliseconds(100)))
        }
    }

    private func wait(for descriptors: [Int32], atMost duration: Duration) throws {
        var requests = descriptors.map { PollRequest(reading: $0) }
        requests.append(PollRequest(reading: signals.descriptor))
        try PollRequest.wait(for: &requests, timeout: max(.zero, duration))
        whileWaiting()
        if try signals.next() != nil { throw Interrupted() }
    }
}
