package import FleetModel
package import HostSystem
internal import MQTTLink

/// One connection to the broker to see whether it works, for `doctor`. It takes the place of the
/// agent's own session, so it is for when there is none.
package struct BrokerTrial {
    private let settings: BusSettings
    private let credentials: BusCredentials

    /// Reads the files that the configuration names.
    package init(_ settings: BusSettings, root: Root) throws(BusError) {
        self.settings = settings
        credentials = try BusCredentials(settings, root: root)
    }

    /// When this device's own certificate ends.
    package var certificateEnd: Instant { credentials.notAfter }
    /// The host where it needs no looking up.
    package var address: String? { settings.address }

    /// TCP, TLS with the broker's name, and its welcome.
    package func connect(
        to address: String, notBefore: Instant?, patience: Duration
    ) throws(BusError) {
        do throws(LinkError) {
            var wanted = credentials.settings(for: settings, will: nil, notBefore: notBefore)
            wanted.connectTimeout = patience
            let link = try BrokerLink(wanted)
            try link.connect(to: address, port: settings.port, expecting: settings.host)
            try wait(link)
        } catch {
            throw BusError("\(error)")
        }
    }

    private func wait(_ link: BrokerLink) throws(LinkError) {
        while true {
            while let event = link.nextEvent() {
                switch event {
                case .connected:
                    link.disconnect()
                    return
                case .disconnected(let reason, _): throw .failed(reason)
                case .published, .received, .subscribed: break
                }
            }
            var requests = [link.pollRequest].compactMap { $0 }
            let now = Clocks.monotonic()
            do throws(SystemError) {
                try PollRequest.wait(
                    for: &requests, timeout: max(.zero, (link.nextDeadline ?? now) - now))
            } catch {
                throw .failed("\(error)")
            }
            link.serve(requests.first, at: Clocks.monotonic())
        }
    }
}
