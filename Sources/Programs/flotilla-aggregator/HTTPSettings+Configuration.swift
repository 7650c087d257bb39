internal import HTTPAPI
internal import RolloutService

extension HTTPSettings {
    /// Makes the tokens' files where they are missing.
    init(_ configuration: AggregatorConfiguration) throws(HTTPSettingsFault) {
        self.init(
            channel: configuration.channel, listen: configuration.listener.address,
            tls: configuration.listener.files, hostNames: configuration.hostNames,
            token: try AccessToken.stored(at: configuration.tokenFile),
            hookToken: try AccessToken.stored(at: configuration.hookTokenFile))
    }
}

extension AggregatorConfiguration.Listener {
    var files: HTTPSettings.TLSFiles? {
        guard let certificate, let key else { return nil }
        return HTTPSettings.TLSFiles(certificate: certificate, key: key)
    }
}

extension AggregatorConfiguration {
    /// What the server would say of its files. Makes none of them.
    func serverFindings() -> [ConfigurationFinding] {
        let tokens = [("tokenFile", tokenFile), ("hookTokenFile", hookTokenFile)]
        var findings = tokens.map { name, file in
            ConfigurationFinding(name) {
                try AccessToken.read(at: file) == nil
                    ? "\(file), which is made at the first start" : file
            }
        }
        if let files = listener.files {
            findings.append(
                ConfigurationFinding("tls") {
                    try files.check()
                    return "the certificate and the key belong together"
                })
        }
        return findings
    }
}
