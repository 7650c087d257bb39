package import AgentMachine
package import FleetModel
internal import UnitPlanning

/// How a unit stands, as `systemctl show` tells it.
package struct UnitState: Equatable, Sendable {
    package var name: String
    /// Other names of it, and its own.
    package var names: [String]
    /// `active`, `activating`, `failed`, …
    package var active: String
    /// `running`, `exited`, `auto-restart`, …
    package var sub: String
    /// `loaded`, `not-found`, `masked`, …
    package var load: String
    /// Why it failed; `success` where it did not.
    package var result: String
    /// How often systemd restarted it by itself.
    package var restarts: String
    /// Of the monotonic clock, in microseconds.
    package var activeSince: String

    static let properties = [
        "Id", "Names", "LoadState", "ActiveState", "SubState", "Result", "NRestarts",
        "ActiveEnterTimestampMonotonic",
    ]

    /// Reads what `systemctl show` prints when it is asked for `properties`.
    package static func read(_ output: [UInt8]) -> [UnitState] {
        ShownProperties.read(String(decoding: output, as: UTF8.self)).map(UnitState.init)
    }

    private init(_ properties: [String: String]) {
        func value(_ key: String) -> String { properties[key] ?? "" }
        name = value("Id")
        names = value("Names").split(separator: " ").map(String.init)
        active = value("ActiveState")
        sub = value("SubState")
        load = value("LoadState")
        result = value("Result")
        restarts = value("NRestarts")
        activeSince = value("ActiveEnterTimestampMonotonic")
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
