/// Where a device has a label from.
package enum LabelSource: String, Equatable, Sendable, CaseIterable {
    /// The device's own file in the fleet repository.
    case deviceFile = "device-file"
    /// The agent's configuration on the device.
    case local
    /// The agent knows it by itself.
    case builtIn = "built-in"
}

package struct Label: Equatable, Sendable {
    package var value: String
    package var source: LabelSource

    package init(_ value: String, from source: LabelSource) {
        self.value = value
        self.source = source
    }
}

/// What is known of a device, for selectors and templates.
package struct Labels: Equatable, Sendable {
    /// The labels that every device has by itself; nobody else may set them.
    package static let builtInKeys = [
        "agent.version", "arch", "board", "channel", "device.id", "os.id", "os.version",
    ]

    package private(set) var byKey: [String: Label]

    package init(_ byKey: [String: Label] = [:]) { self.byKey = byKey }

    package subscript(key: String) -> String? { byKey[key]?.value }

    /// Keeps what is there: who comes first wins.
    package mutating func add(_ key: String, _ label: Label) {
        if byKey[key] == nil { byKey[key] = label }
    }

    /// In the order of their keys.
    package var sorted: [(key: String, label: Label)] {
        byKey.map { (key: $0.key, label: $0.value) }.sorted { byBytes($0.key, $1.key) }
    }
}
