internal import HTTPAPI
internal import RolloutService

extension HTTPSettings {
    /// Makes the token's file where it is missing.
    init(_ configuration: AggregatorConfiguration) throws(HTTPSettingsFault) {
        let listener = configuration.listener
        guard let listen = ListenAddress(listener.text) else {
            throw HTTPSettingsFault(
                "`\(listener.text)` is not an address and a port",
                fix: "Write `listen: 127.0.0.1:8410`.")
        }
        var files: TLSFiles?
        if let certificate = listener.certificate, let key = listener.key {
            files = TLSFiles(certificate: certificate, key: key)
        }
        let token = try AccessToken.stored(at: configuration.tokenFile)
        let hookToken = try configuration.hookTokenFile.map { file throws(HTTPSettingsFault) in
            try AccessToken.stored(at: file)
        }
        self.init(
            channel: configuration.channel, listen: listen, tls: files,
            hostNames: configuration.hostNames, token: token, hookToken: hookToken)
    }
}
