package import FleetModel
internal import ReleaseTrust
package import WireMessages

/// What of orders outlives the agent: the newest one that was believed, and below which sequence
/// none of a key is.
package struct OrderMemory: Equatable, Sendable {
    /// When the order came, for a device whose clock can't be believed.
    package struct Arrival: Equatable, Sendable {
        /// Names the boot in which `at` means something.
        package var boot: String
        package var at: Instant

        package init(boot: String, at: Instant) {
            self.boot = boot
            self.at = at
        }
    }

    /// An order that was believed, and by whose key.
    package struct Believed: Equatable, Sendable {
        package var order: Order
        /// The key's fingerprint.
        package var key: String
        package var arrival: Arrival

        package init(order: Order, key: String, arrival: Arrival) {
            self.order = order
            self.key = key
            self.arrival = arrival
        }
    }

    package var floors: OrderFloors
    package var newest: Believed?

    package init(floors: OrderFloors = OrderFloors(), newest: Believed? = nil) {
        self.floors = floors
        self.newest = newest
    }

    /// The same after trust has changed: with a key goes what it signed, and its floor.
    mutating func keep(only signers: AllowedSigners) {
        floors.keep(only: signers)
        if let newest, floors.byKey[newest.key] == nil { self.newest = nil }
    }

    /// Whether more than the times of a renewal differ: a replay between two renewals of the same
    /// order changes nothing that the device does.
    func differsInContent(from other: OrderMemory) -> Bool {
        floors.byKey.keys != other.floors.byKey.keys || content != other.content
    }

    private var content: Order? {
        guard var order = newest?.order else { return nil }
        order.sequence = 0
        order.id = ""
        order.issued = Instant(nanoseconds: 0)
        order.startBefore = order.issued
        order.expires = order.issued
        order.decision = nil
        return order
    }
}
