/// Why there is no link to the broker, as a sentence for people that names the file.
package struct BusError: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
