package import Documents
internal import FleetModel
internal import JSONDocument

/// Reads a message from the bus, within the bounds of messages.
@Sendable
package func parseMessage(_ bytes: [UInt8]) throws(InvalidDocument) -> Node {
    try JSON.parse(
        bytes, file: "a message", limit: Limits.mqttPayloadBytes, depth: Limits.mqttDepth)
}
