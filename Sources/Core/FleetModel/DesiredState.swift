package import Digests

/// The flat list of what one device should have: the outcome of resolution, the input of planning.
///
/// Every list is sorted (by path, or by name) and free of doubles, so equal states are equal values
/// and have one canonical form.
package struct DesiredState: Equatable, Sendable {
    package var bundles: [BundlePolicy]
    package var files: [DesiredFile]
    package var directories: [DesiredDirectory]
    package var units: [DesiredUnit]
    package var validators: [DesiredValidator]
    package var health: HealthGate

    package init(
        bundles: [BundlePolicy] = [], files: [DesiredFile] = [],
        directories: [DesiredDirectory] = [], units: [DesiredUnit] = [],
        validators: [DesiredValidator] = [], health: HealthGate = HealthGate()
    ) {
        self.bundles = bundles
        self.files = files
        self.directories = directories
        self.units = units
        self.validators = validators
        self.health = health
    }
}

/// What to do when a managed path is found changed.
package enum DriftPolicy: String, Equatable, Sendable, CaseIterable {
    case heal, report, ignore
}

package struct BundlePolicy: Equatable, Sendable {
    package var name: String
    package var drift: DriftPolicy

    package init(name: String, drift: DriftPolicy = .heal) {
        self.name = name
        self.drift = drift
    }
}

/// A user and a group, as names or as decimal numbers. Names are looked up on the device.
package struct Ownership: Hashable, Sendable, CustomStringConvertible {
    package var user: String
    package var group: String

    package init(user: String, group: String) {
        self.user = user
        self.group = group
    }

    package static let root = Ownership(user: "root", group: "root")
    package var description: String { "\(user):\(group)" }
}

/// How a file comes to its path.
package enum Placement: String, Equatable, Sendable, CaseIterable {
    /// A real file, written beside its path and renamed.
    case copy
    /// A symbolic link through `current`: all such files change in the same instant.
    case link
}

package struct DesiredFile: Equatable, Sendable {
    /// Absolute, normalised.
    package var path: String
    package var bundle: String
    /// Of the final content, after substitution.
    package var content: ContentDigest
    package var size: Int
    /// Permission bits, at most 0o7777.
    package var mode: UInt16
    package var owner: Ownership
    package var placement: Placement
    /// Where the bytes are: the Git blob of the final content in the device's own object store.
    /// Not part of the canonical form, for it follows from the content.
    package var blob: ObjectID?

    package init(
        path: String, bundle: String, content: ContentDigest, size: Int, mode: UInt16 = 0o644,
        owner: Ownership = .root, placement: Placement = .copy, blob: ObjectID? = nil
    ) {
        self.path = path
        self.bundle = bundle
        self.content = content
        self.size = size
        self.mode = mode
        self.owner = owner
        self.placement = placement
        self.blob = blob
    }
}

package struct DesiredDirectory: Equatable, Sendable {
    package var path: String
    package var bundle: String
    package var mode: UInt16
    package var owner: Ownership

    package init(path: String, bundle: String, mode: UInt16 = 0o755, owner: Ownership = .root) {
        self.path = path
        self.bundle = bundle
        self.mode = mode
        self.owner = owner
    }
}

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

    package init(
        name: String, bundle: String, enabled: Bool? = nil, activity: Activity? = nil,
        restartOn: [String] = [], reloadOn: [String] = []
    ) {
        self.name = name
        self.bundle = bundle
        self.enabled = enabled
        self.activity = activity
        self.restartOn = restartOn
        self.reloadOn = reloadOn
    }
}

/// A command that judges the staged files before the flip. `{{stage}}` in an argument becomes the
/// folder under which every managed file of the new generation stands at its own path.
package struct DesiredValidator: Equatable, Sendable {
    package var bundle: String
    package var command: [String]
    package var timeout: Duration

    package init(bundle: String, command: [String], timeout: Duration = .seconds(30)) {
        self.bundle = bundle
        self.command = command
        self.timeout = timeout
    }
}

/// What must hold for a generation to be confirmed.
package struct HealthGate: Equatable, Sendable {
    /// How long all checks must hold without a break.
    package var settle: Duration
    /// The time between two rounds of checks.
    package var interval: Duration
    /// When the checks do not hold for `settle` within this, the device goes back.
    package var deadline: Duration
    package var checks: [HealthCheck]

    package init(
        settle: Duration = .seconds(10), interval: Duration = .seconds(2),
        deadline: Duration = .seconds(120), checks: [HealthCheck] = []
    ) {
        self.settle = settle
        self.interval = interval
        self.deadline = deadline
        self.checks = checks
    }
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
        /// The systemd unit is active.
        case unit(String)
    }

    /// Unique within the bundle.
    package var name: String
    package var bundle: String
    package var probe: Probe
    /// For one try.
    package var timeout: Duration

    package init(name: String, bundle: String, probe: Probe, timeout: Duration = .seconds(5)) {
        self.name = name
        self.bundle = bundle
        self.probe = probe
        self.timeout = timeout
    }

    /// `bundle/name`, unique within a desired state.
    package var id: String { "\(bundle)/\(name)" }
}
