/// Bytes that are not what they should be: a key, a signature or a commit. The message completes a
/// sentence that names the thing: "the signature …".
package struct MalformedInput: Error, Equatable, Sendable, CustomStringConvertible {
    package var message: String

    package init(_ message: String) { self.message = message }

    package var description: String { message }
}
