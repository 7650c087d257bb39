package import FleetModel
package import ReleaseTrust

/// Decides whether a device believes an acknowledgement. An old one that is sent again does no harm:
/// what it covers is gone already.
package struct AcknowledgementJudge: Sendable {
    package let channel: ChannelName
    package let device: DeviceID
    package let verifier: MessageVerifier

    package init(channel: ChannelName, device: DeviceID, verifier: MessageVerifier) {
        self.channel = channel
        self.device = device
        self.verifier = verifier
    }

    package func judge(
        _ message: SignedMessage, signers: AllowedSigners, at now: Instant
    ) throws(MessageRefusal) -> Acknowledgement {
        let (acknowledgement, _) = try verifier.verified(
            message, as: Acknowledgement.self, signers: signers, issued: \.issued, at: now)
        try acknowledgement.check(channel)
        guard acknowledgement.device == device else {
            throw MessageRefusal(
                .notForUs,
                "the message is for the device \(acknowledgement.device), and this is \(device)")
        }
        return acknowledgement
    }
}
