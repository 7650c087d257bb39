package struct DesiredUnit: Equatable, Sendable {
    package enum Activity: String, Equatable, Sendable, CaseIterable {
        case running, stopped
    }

    /// With its suffix: `telemetry.service`.
    package var name: String
    package var bundle: String
    /// Nil leaves it as it is.
    package var enabled: Bool?
    /// Nil leaves it as it is.
    package var activity: Activity?
    /// A change below one of these paths restarts the unit. Besides, a unit always restarts when
    /// its own file or a drop-in of it changes.
    package var restartOn: [String]
    /// A change below one of these paths reloads the unit, unless it restarts anyway.
    package var reloadOn: [String]
    /// Units of the fleet that come before this one, whatever is done.
    package var after: [String]
    /// Nil takes the bundle's.
    package var drift: DriftPolicy?

    package init(
        name: String, bundle: String, enabled: Bool? = nil, activity: Activity? = nil,
        restartOn: [String] = [], reloadOn: [String] = [], after: [String] = [],
        drift: DriftPolicy? = nil
    ) {
        self.name = name
        self.bundle = bundle
        self.enabled = enabled
        self.activity = activity
        self.restartOn = restartOn
        self.reloadOn = reloadOn
        self.after = after
        self.drift = drift
    }
}
