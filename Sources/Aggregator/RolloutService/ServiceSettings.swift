package import FleetModel
package import RolloutEngine
package import Signatures
package import WireMessages

/// What the service is told besides its parts.
package struct ServiceSettings: Sendable {
    package var channel: ChannelName
    package var topics: FleetTopics
    /// Which of several aggregators this is.
    package var instance = "1"
    /// The database's file.
    package var storeFile: String
    /// What orders and acknowledgements are signed with.
    package var key: SigningKey
    package var pace = RolloutPace()
    /// A line for people.
    package var log: @Sendable (String) -> Void = { _ in }

    package init(
        channel: ChannelName, topics: FleetTopics, storeFile: String, key: SigningKey
    ) {
        self.channel = channel
        self.topics = topics
        self.storeFile = storeFile
        self.key = key
    }
}
