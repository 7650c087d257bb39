internal import Documents
internal import FleetModel
package import HostSystem
internal import JSONDocument

/// A child process whose end is the result of a check.
package struct ProbeChild: Equatable, Sendable {
    package enum Language: Equatable, Sendable {
        /// A command of the fleet's: exit status 0 is good, and its last words say why not.
        case status
        /// Our own worker: it writes a `ProbeResult`.
        case result
    }

    package let command: ChildCommand
    /// After this the caller ends it and says `.timedOut`.
    package let deadline: Duration
    private let language: Language

    package init(_ command: ChildCommand, deadline: Duration, speaks language: Language) {
        self.command = command
        self.deadline = deadline
        self.language = language
    }

    /// Runs it to its end, at most until the deadline.
    package func run() -> ProbeResult {
        do throws(SystemError) {
            let outcome = try command.run(deadline: deadline)
            return result(of: outcome.status, output: outcome.output, errors: outcome.errors)
        } catch {
            return result(of: error)
        }
    }

    /// What the end of the child says.
    package func result(
        of status: ChildOutcome.Status, output: [UInt8], errors: [UInt8]
    ) -> ProbeResult {
        switch language {
        case .status:
            let words = tail(errors.isEmpty ? output : errors)
            return ProbeResult(
                passed: status == .ended(.exited(0)),
                detail: words.isEmpty ? status.description : "\(status): \(words)")
        case .result:
            guard status == .ended(.exited(0)) else {
                return ProbeResult(
                    passed: false, detail: "the probing worker: \(status): \(tail(errors))")
            }
            do throws(InvalidDocument) {
                let node = try JSON.parse(output, file: "the worker's answer")
                return try ProbeResult(reading: node, file: "the worker's answer")
            } catch {
                return ProbeResult(passed: false, detail: error.description)
            }
        }
    }

    /// The child could not even be started.
    package func result(of error: SystemError) -> ProbeResult {
        ProbeResult(passed: false, detail: error.description)
    }

    /// The last words of what was kept of an output, as one line. Secrets go before it is cut, which
    /// could leave the half of one that nobody knows for what it is.
    private func tail(_ output: [UInt8]) -> String {
        let text = Array(Masking.masked(String(decoding: output, as: UTF8.self)).utf8)
        let bytes = text.suffix(1_000)
        // Not from the middle of a character.
        let start = bytes.count < text.count ? bytes.drop { $0 & 0xc0 == 0x80 } : bytes
        return oneLine(String(decoding: start, as: UTF8.self), limit: Limits.reasonBytes)
    }
}
