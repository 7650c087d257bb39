package import FleetAnswers
internal import Hummingbird
internal import HummingbirdCore
internal import HummingbirdTLS
internal import Logging
internal import NIOCore
internal import NIOSSL
internal import ServiceLifecycle

/// The aggregator's HTTP server: the API, the page, the metrics.
///
/// `run` returns when `stop` was called: new connections are refused then, and what is being
/// answered is answered, for a few seconds. Cancelling the task that runs it ends all at once.
package final class FleetHTTPServer: Sendable {
    private let group: ServiceGroup
    private let listen: ListenAddress

    /// Checks all that can be checked before the first request. `listening` is called with the port
    /// when connections are accepted.
    package init(
        _ settings: HTTPSettings, answers: any FleetAnswering,
        listening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) throws(HTTPSettingsFault) {
        guard settings.tls != nil || settings.listen.isLoopback else {
            throw HTTPSettingsFault(
                "\(settings.listen) can be reached from other machines, and without TLS everybody "
                    + "on the way reads the token",
                fix: "Give `tls: {certificate: …, key: …}`, or listen on 127.0.0.1:"
                    + "\(settings.listen.port).")
        }
        let bounds = settings.bounds
        listen = settings.listen
        var logger = Logger(label: "flotilla-aggregator.http")
        logger.logLevel = .error
        let api = FleetAPI(settings, answers: answers)
        let application = Application(
            responder: FleetResponder(api), server: try Self.channels(settings, api.connections),
            configuration: .init(
                address: .hostname(listen.host, port: listen.port),
                availableConnectionsDelegate: .maximum(bounds.connections, logger: logger)),
            onServerRunning: { await listening($0.localAddress?.port ?? settings.listen.port) },
            logger: logger)
        var configuration = ServiceGroupConfiguration(services: [application], logger: logger)
        configuration.maximumGracefulShutdownDuration = bounds.stopTime
        group = ServiceGroup(configuration: configuration)
    }

    /// Throws an `HTTPSettingsFault` where it can't listen.
    package func run() async throws {
        do {
            try await group.run()
        } catch let error as IOError {
            throw cantListen(error)
        } catch let error as SocketAddressError.UnknownHost {
            // A name that leads nowhere.
            throw cantListen(error)
        }
    }

    private func cantListen(_ error: any Error) -> HTTPSettingsFault {
        HTTPSettingsFault(
            "nothing can listen on \(listen): \(error)",
            fix: "Choose an address of this machine and a port that is free, with `listen`.")
    }

    package func stop() async { await group.triggerGracefulShutdown() }

    private static func channels(
        _ settings: HTTPSettings, _ connections: ConnectionDesk
    ) throws(HTTPSettingsFault) -> HTTPServerBuilder {
        let bounds = settings.bounds
        let plain = HTTPServerBuilder.http1(
            configuration: .init(
                additionalChannelHandlers: [
                    ConnectionGuard(bounds: bounds, desk: connections)
                ],
                idleTimeout: TimeAmount(bounds.idleTime),
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: bounds.headerBytes, maxHeaderListSize: bounds.headerBytes,
                    maxHeaderFieldCount: bounds.headerFields)))
        guard let files = settings.tls else { return plain }
        let tls = try files.loaded()
        do {
            return try .tls(plain, tlsConfiguration: tls)
        } catch {
            throw files.fault("\(error)")
        }
    }
}

extension HTTPSettings.TLSFiles {
    /// Whether a server could begin with them.
    package func check() throws(HTTPSettingsFault) { _ = try loaded() }

    fileprivate func loaded() throws(HTTPSettingsFault) -> TLSConfiguration {
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(certificate)
            let key = try NIOSSLPrivateKey(file: key, format: .pem)
            var tls = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
            tls.minimumTLSVersion = .tlsv12
            tls.applicationProtocols = ["http/1.1"]
            // Finds out whether the two belong together.
            _ = try NIOSSLContext(configuration: tls)
            return tls
        } catch {
            throw fault("\(error)")
        }
    }

    fileprivate func fault(_ reason: String) -> HTTPSettingsFault {
        HTTPSettingsFault(
            "the certificate \(certificate) and the key \(key) can't be used: \(reason)",
            fix: "Give two PEM files that belong together and that the aggregator's user can read.")
    }
}
