/// A command that judges the staged files before the flip. `{{stage}}` in an argument becomes the
/// folder under which every managed file of the new generation stands at its own path.
package struct DesiredValidator: Equatable, Sendable {
    /// Where the command sees the staged files.
    package enum View: String, Equatable, Sendable, CaseIterable {
        /// Below `{{stage}}`.
        case stage
        /// At their own paths, in a mount namespace: for programs that can't be pointed elsewhere.
        case place
    }

    package var bundle: String
    package var command: [String]
    package var timeout: Duration
    package var view: View

    package init(
        bundle: String, command: [String], timeout: Duration = .seconds(30), view: View = .stage
    ) {
        self.bundle = bundle
        self.command = command
        self.timeout = timeout
        self.view = view
    }
}

/// A command of a bundle's own around the flip, for what no unit says.
package struct DesiredHook: Equatable, Sendable {
    package enum Moment: String, Equatable, Sendable, CaseIterable {
        /// Before anything is touched; it may say "not now" (exit 75) or refuse.
        case before
        /// After files and units, before the health gate.
        case after
    }

    /// Unique within the bundle.
    package var name: String
    package var bundle: String
    package var moment: Moment
    package var command: [String]
    /// Runs when something below one of these paths changes; empty: when the bundle changes anything.
    package var on: [String]
    package var timeout: Duration

    package init(
        name: String, bundle: String, moment: Moment, command: [String], on: [String] = [],
        timeout: Duration = .seconds(60)
    ) {
        self.name = name
        self.bundle = bundle
        self.moment = moment
        self.command = command
        self.on = on
        self.timeout = timeout
    }

    /// `bundle/name`, unique within a desired state.
    package var id: String { "\(bundle)/\(name)" }
}
