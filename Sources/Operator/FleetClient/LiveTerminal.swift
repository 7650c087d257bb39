internal import Dispatch
internal import FleetTools
internal import Foundation

/// The terminal while lines are drawn again and again in their place; as it was at the end, also
/// where a signal ends the program.
package final class LiveTerminal {
    private let sources: [any DispatchSourceSignal]

    package init() {
        Self.write(LiveArea.begin)
        sources = [SIGINT, SIGTERM, SIGHUP].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                Self.write(LiveArea.end)
                // So that whoever started us learns what ended us. To the process: this thread hears
                // no signals.
                signal(number, SIG_DFL)
                kill(getpid(), number)
            }
            source.resume()
            return source
        }
    }

    deinit {
        for source in sources { source.cancel() }
        Self.write(LiveArea.end)
    }

    /// Writes all of it at once, so that no half-drawn picture is seen.
    package static func write(_ text: String) {
        guard !text.isEmpty else { return }
        FileHandle.standardOutput.write(Data(text.utf8))
    }
}
