/// What must hold for a generation to be confirmed.
package struct HealthGate: Equatable, Sendable {
    package enum Scope: String, Equatable, Sendable, CaseIterable {
        /// A check that failed before the flip and still fails sends nobody back, or no fix could
        /// ever reach a sick device.
        case regressions
        case all
    }

    /// How long all checks must hold without a break.
    package var settle: Duration
    /// The time between two rounds of checks.
    package var interval: Duration
    /// When the checks do not hold for `settle` within this, the device goes back.
    package var deadline: Duration
    package var checks: [HealthCheck]
    package var scope: Scope
    /// How long a change of the network may keep the device from whom it could reach before; zero
    /// asks for nothing.
    package var wayHome: Duration

    package init(
        settle: Duration = .seconds(10), interval: Duration = .seconds(2),
        deadline: Duration = .seconds(120), checks: [HealthCheck] = [],
        scope: Scope = .regressions, wayHome: Duration = HealthGate.usualWayHome
    ) {
        self.settle = settle
        self.interval = interval
        self.deadline = deadline
        self.checks = checks
        self.scope = scope
        self.wayHome = wayHome
    }

    package static let usualWayHome = Duration.seconds(600)
}

package struct HealthCheck: Equatable, Sendable {
    package enum Probe: Equatable, Sendable {
        /// The file exists and, where given, has this text in its first 64 KiB.
        case file(path: String, contains: String?)
        /// Exit status 0.
        case command([String])
        /// The status, and this text in the first 64 KiB of the body where given.
        case http(url: String, status: Int, contains: String?)
        /// A connection is accepted.
        case tcp(host: String, port: Int)
        /// The systemd unit is active, and stays so without being restarted.
        case unit(String)
        /// So many bytes are free for everybody where `path` lies.
        case disk(path: String, free: Int64)
        /// So many bytes of memory are available.
        case memory(available: Int64)
    }

    /// Unique within the bundle.
    package var name: String
    package var bundle: String
    package var probe: Probe
    /// For one try.
    package var timeout: Duration
    /// How often a failed try is repeated before the round counts it as failed.
    package var retries: Int

    package init(
        name: String, bundle: String, probe: Probe, timeout: Duration = .seconds(5),
        retries: Int = 0
    ) {
        self.name = name
        self.bundle = bundle
        self.probe = probe
        self.timeout = timeout
        self.retries = retries
    }

    /// `bundle/name`, unique within a desired state.
    package var id: String { "\(bundle)/\(name)" }
}
