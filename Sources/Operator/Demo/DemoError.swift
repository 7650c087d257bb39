/// The demo itself could not go on: a tool is missing, or one that had to succeed did not. What the
/// product does wrong is never this, but a check that does not hold.
package struct DemoError: Error, Equatable, Sendable, CustomStringConvertible {
    package var description: String

    package init(_ description: String) { self.description = description }
}

/// Somebody wants the demo to end now.
package struct Interrupted: Error, Equatable, Sendable {}
