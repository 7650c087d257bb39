/// The engine's times. All of them are values, so that tests and demos need not wait for hours.
package struct RolloutPace: Equatable, Sendable {
    /// How long an order may start something after it was issued. Enforced by devices.
    package var startWindow = Duration.seconds(900)
    /// An order that lets devices begin is issued anew so often while some of them are online.
    package var busyRenewal = Duration.seconds(300)
    /// And otherwise so often, so that nobody takes silence for an order.
    package var quietRenewal = Duration.seconds(12 * 3_600)
    /// When an order stops being one at all.
    package var orderLife = Duration.seconds(48 * 3_600)
    /// How long the bus is listened to before a wave may open: what was said meanwhile has to come
    /// in first.
    package var catchUp = Duration.seconds(5)
    /// A look at the fleet that is later than this after the last one has missed something, so soak
    /// begins anew.
    package var longestGap = Duration.seconds(120)

    /// How long a wave that matches no device waits for one to be heard for the first time.
    package var firstHearing = Duration.seconds(600)

    package init() {}
}
