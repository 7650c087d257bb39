/// The bus can't be heard: a file or the system is at fault.
package struct IngestFault: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
