package import DeviceRecords

extension StateLayout {
    /// Events that were not acknowledged yet.
    package static let outbox = state + "/outbox"
    /// Which session epochs were used.
    package static let epoch = state + "/link.json"
    /// The newest order that was believed, and the floors of the keys.
    package static let order = state + "/order.json"
    /// How the link is, for `status`.
    package static let link = run + "/link.json"
}
