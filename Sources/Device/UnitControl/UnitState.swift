package import AgentMachine
package import FleetModel

/// How a unit stands, as `systemctl show` tells it.
package struct UnitState: Equatable, Sendable {
    package var name: String
    /// Other names of it, and its own.
    package var names: [String] = []
    /// `active`, `activating`, `failed`, …
    package var active = ""
    /// `running`, `exited`, `auto-restart`, …
    package var sub = ""
    /// `loaded`, `not-found`, `masked`, …
    package var load = ""
    /// Why it failed; `success` where it did not.
    package var result = ""
    /// How often systemd restarted it by itself.
    package var restarts = ""
    /// Of the monotonic clock, in microseconds.
    package var activeSince = ""

    static let properties = [
        "Id", "Names", "LoadState", "ActiveState", "SubState", "Result", "NRestarts",
        "ActiveEnterTimestampMonotonic",
    ]

    /// Reads blocks of `Property=value` lines with an empty line between two of them.
    package static func read(_ output: [UInt8]) -> [UnitState] {
        var states: [UnitState] = []
        var isBetween = true
        for bytes in output.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            let line = String(decoding: bytes, as: UTF8.self)
            if line.isEmpty {
                isBetween = true
                continue
            }
            if isBetween { states.append(UnitState(name: "")) }
            isBetween = false
            guard let mark = line.firstIndex(of: "=") else { continue }
            states[states.count - 1].set(
                line[..<mark], to: String(line[line.index(after: mark)...]))
        }
        return states
    }

    private mutating func set(_ property: Substring, to value: String) {
        switch property {
        case "Id": name = value
        case "Names": names = value.split(separator: " ").map(String.init)
        case "LoadState": load = value
        case "ActiveState": active = value
        case "SubState": sub = value
        case "Result": result = value
        case "NRestarts": restarts = value
        case "ActiveEnterTimestampMonotonic": activeSince = value
        default: break
        }
    }

    func isCalled(_ unit: String) -> Bool { name == unit || names.contains(unit) }

    /// What a check of the unit makes of it. A oneshot that remains is active; what is between two
    /// starts is not.
    package func result(of check: HealthCheck) -> CheckResult {
        let isActive = active == "active" || active == "reloading" || active == "refreshing"
        var detail = "\(name) is \(active) (\(sub))"
        if load != "loaded" { detail += ", \(load)" }
        if !isActive, !result.isEmpty, result != "success" { detail += ", result \(result)" }
        if !restarts.isEmpty, restarts != "0" { detail += ", \(restarts) restarts" }
        // Types of units that nobody restarts say nothing of it.
        let count = restarts.isEmpty ? "" : "\(restarts) restarts, "
        return CheckResult(
            check: check.id, passed: isActive, detail: detail,
            mark: "\(count)active since \(activeSince) µs")
    }
}

extension UnitState {
    /// What checks of units make of an output; a unit that it does not tell of has failed.
    package static func results(of checks: [HealthCheck], in output: [UInt8]) -> [CheckResult] {
        let states = read(output)
        return checks.map { check in
            guard case .unit(let unit) = check.probe,
                let state = states.first(where: { $0.isCalled(unit) })
            else {
                return CheckResult(
                    check: check.id, passed: false, detail: "systemctl says nothing of it")
            }
            return state.result(of: check)
        }
    }
}
