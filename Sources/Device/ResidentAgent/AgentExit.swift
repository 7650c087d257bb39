/// The exit statuses of `flotilla-agent`. They are part of its interface: docs/device.md lists them.
package enum AgentExit: Int32, Sendable {
    /// Done, and the device is where its channel wants it.
    case well = 0
    /// Done, and something is wrong: refused, rejected, rolled back, drifted, not reached.
    case notWell = 1
    /// The command line is wrong.
    case usage = 2
    /// The agent itself can't work: its configuration, its disk or its records.
    case broken = 3
    /// Somebody else is changing the device right now.
    case busy = 4
}
