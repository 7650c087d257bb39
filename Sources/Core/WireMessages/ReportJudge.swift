package import FleetModel
package import ReleaseTrust

/// Decides whether the aggregator believes what is said in a device's name. Which device it is says
/// the topic, which the broker checks; whose key it is says the device's certificate, for which the
/// fleet's authority vouches; and the payload must say the same.
package struct ReportJudge: Sendable {
    package let channel: ChannelName
    package let verifier: MessageVerifier

    package init(channel: ChannelName, verifier: MessageVerifier) {
        self.channel = channel
        self.verifier = verifier
    }

    package func state(
        _ message: SignedMessage, of device: DeviceID, by key: SSHPublicKey
    ) throws(MessageRefusal) -> ReportedState {
        let state: ReportedState = try verifier.verified(message, by: key)
        try state.check(channel)
        try check(state.device, is: device)
        return state
    }

    package func events(
        _ message: SignedMessage, of device: DeviceID, by key: SSHPublicKey
    ) throws(MessageRefusal) -> EventBatch {
        let batch: EventBatch = try verifier.verified(message, by: key)
        try batch.check(channel)
        try check(batch.device, is: device)
        return batch
    }

    private func check(_ claimed: DeviceID, is device: DeviceID) throws(MessageRefusal) {
        guard claimed == device else {
            throw MessageRefusal(
                .notForUs,
                "the message came on the topic of \(device), and says that it is of \(claimed)")
        }
    }
}
