/// One family of samples for Prometheus, under one name.
package struct Metric: Equatable, Sendable {
    package enum Kind: String, Equatable, Sendable {
        case counter, gauge, histogram
    }

    /// The sign by which a histogram's samples differ in name.
    package enum Suffix: String, Equatable, Sendable {
        case none = ""
        case bucket = "_bucket"
        case sum = "_sum"
        case count = "_count"
    }

    package struct Label: Equatable, Sendable {
        /// `[a-zA-Z_][a-zA-Z0-9_]*`; whoever writes the program chooses it, never a device.
        package var name: String
        /// Any text.
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package struct Sample: Equatable, Sendable {
        package var suffix: Suffix
        package var labels: [Label]
        package var value: Double

        package init(_ value: Double, _ labels: [Label] = [], suffix: Suffix = .none) {
            self.suffix = suffix
            self.labels = labels
            self.value = value
        }
    }

    /// As Prometheus wants it: `flotilla_devices`, a counter's ends in `_total`, a unit is named.
    package var name: String
    /// A sentence without a full stop.
    package var help: String
    package var kind: Kind
    package var samples: [Sample]

    package init(_ name: String, _ help: String, _ kind: Kind, _ samples: [Sample]) {
        self.name = name
        self.help = help
        self.kind = kind
        self.samples = samples
    }

    /// A family of one sample without labels.
    package init(_ name: String, _ help: String, _ kind: Kind, _ value: Double) {
        self.init(name, help, kind, [Sample(value)])
    }
}
