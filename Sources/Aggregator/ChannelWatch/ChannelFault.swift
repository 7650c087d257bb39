/// The channel could not be looked at: the way to Git, the disk or our own files are at fault, and
/// not what somebody published.
package struct ChannelFault: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Code: String, Equatable, Sendable {
        /// The server, the network, or a credential.
        case fetch
        /// The own object store or a record.
        case store
        /// The anchor is missing or does not fit.
        case anchor
        /// It was told to stop.
        case stopped
    }

    package let code: Code
    package let description: String

    package init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}

/// Names the part that is at fault, whatever error it threw.
@discardableResult
func at<Value>(
    _ code: ChannelFault.Code, _ body: () throws -> Value
) throws(ChannelFault) -> Value {
    do {
        return try body()
    } catch let fault as ChannelFault {
        throw fault
    } catch {
        throw ChannelFault(code, "\(error)")
    }
}
