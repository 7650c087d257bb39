/// One thing to ask of systemd.
package enum UnitAction: Equatable, Sendable, CustomStringConvertible {
    case daemonReload
    case stop(String)
    case disable(String)
    case enable(String)
    /// Enabled it was and is; what its file says about how may have changed.
    case reenable(String)
    case start(String)
    case reload(String)
    case restart(String)
    /// Restart it if it runs: for units whose activity is left as it is.
    case restartIfRunning(String)

    /// As `systemctl` takes it.
    package var arguments: [String] {
        switch self {
        case .daemonReload: ["daemon-reload"]
        case .stop(let unit): ["stop", unit]
        case .disable(let unit): ["disable", unit]
        case .enable(let unit): ["enable", unit]
        case .reenable(let unit): ["reenable", unit]
        case .start(let unit): ["start", unit]
        case .reload(let unit): ["reload-or-restart", unit]
        case .restart(let unit): ["restart", unit]
        case .restartIfRunning(let unit): ["try-restart", unit]
        }
    }

    /// The unit that it is about; nil for systemd itself.
    package var unit: String? {
        switch self {
        case .daemonReload: nil
        case .stop(let unit), .disable(let unit), .enable(let unit), .reenable(let unit),
            .start(let unit), .reload(let unit), .restart(let unit), .restartIfRunning(let unit):
            unit
        }
    }

    package var description: String { arguments.joined(separator: " ") }
}
