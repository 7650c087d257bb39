/// What to do when a managed path is found changed.
package enum DriftPolicy: String, Equatable, Sendable, CaseIterable {
    case heal, report, ignore
}

/// Whether a bundle touches the device.
package enum BundleMode: String, Equatable, Sendable, CaseIterable {
    case apply
    /// Its paths are compared with the disk and reported, and never touched: for a look at what it
    /// would do before it does it.
    case observe
}

/// What holds for all of a bundle on one device.
package struct BundlePolicy: Equatable, Sendable {
    package var name: String
    package var drift: DriftPolicy
    package var mode: BundleMode
    /// A change of what lies below one of these paths needs a reboot.
    package var rebootOn: [String]
    /// Whether its changes can cut the device off; nil is judged by what it changes.
    package var network: Bool?

    package init(
        name: String, drift: DriftPolicy = .heal, mode: BundleMode = .apply,
        rebootOn: [String] = [], network: Bool? = nil
    ) {
        self.name = name
        self.drift = drift
        self.mode = mode
        self.rebootOn = rebootOn
        self.network = network
    }
}
