package import FleetAnswers
package import FleetModel

/// What the server needs to know. Tokens were read before, for their files may make sense only to
/// root, and whoever runs the server may have given that up.
package struct HTTPSettings: Sendable {
    /// Two PEM files, read once when the server is made.
    package struct TLSFiles: Equatable, Sendable {
        /// The server's own certificate first, then those between it and the authority.
        package var certificate: String
        package var key: String

        package init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }

    package var channel: ChannelName
    package var listen: ListenAddress
    /// Nobody beyond this machine is answered without it.
    package var tls: TLSFiles?
    /// Names under which browsers and programs reach the server, besides addresses and `localhost`.
    /// With TLS and none given every name will do: there the certificate says which ones are right.
    package var hostNames: [String]
    package var token: AccessToken
    /// Not the other one: whoever runs the Git server is to know it, and need not see the fleet.
    package var hookToken: AccessToken
    package var bounds: HTTPBounds

    package init(
        channel: ChannelName, listen: ListenAddress, tls: TLSFiles? = nil,
        hostNames: [String] = [], token: AccessToken, hookToken: AccessToken,
        bounds: HTTPBounds = HTTPBounds()
    ) {
        self.channel = channel
        self.listen = listen
        self.tls = tls
        self.hostNames = hostNames
        self.token = token
        self.hookToken = hookToken
        self.bounds = bounds
    }
}

/// A reason for which the server can't start, told so that a person can mend it.
package struct HTTPSettingsFault: Error, Equatable, Sendable, CustomStringConvertible {
    package var message: String
    package var fix: String

    package init(_ message: String, fix: String) {
        self.message = message
        self.fix = fix
    }

    package var description: String { "\(message)\n    fix: \(fix)" }
}
