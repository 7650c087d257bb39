/// A path on a device: absolute and normalised, so that two texts name one place only when they
/// are equal.
package struct AbsolutePath: Hashable, Sendable, CustomStringConvertible {
    package let text: String
    /// The names between the slashes.
    let names: [[UInt8]]

    package init(_ text: String) throws(TextFault) {
        guard text.utf8.first == UInt8(ascii: "/") else {
            throw TextFault(
                "the path \(quoted(text)) is not absolute", fix: "Start it with `/`.")
        }
        guard text.utf8.count > 1 else {
            throw TextFault("`/` itself can't be meant", fix: "Name something below `/`.")
        }
        names = try PathNames.check(text, from: 1)
        self.text = text
    }

    package var description: String { text }
}
