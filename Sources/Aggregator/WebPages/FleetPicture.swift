package import Documents

/// The API's answers of which the page is made.
package struct FleetPicture: Sendable {
    /// The devices that are wanted, and the page of them that is.
    package var devices: JSONValue
    package var rollouts: JSONValue
    package var drift: JSONValue
    package var events: JSONValue
    package var health: JSONValue
    /// Counts of the whole fleet, where `devices` has fewer.
    package var fleet: JSONValue?
    /// The device that is looked at closely.
    package var device: JSONValue?
    package var why: JSONValue?

    package init(
        devices: JSONValue, rollouts: JSONValue, drift: JSONValue, events: JSONValue,
        health: JSONValue
    ) {
        self.devices = devices
        self.rollouts = rollouts
        self.drift = drift
        self.events = events
        self.health = health
    }
}
