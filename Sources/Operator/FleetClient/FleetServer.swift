internal import AsyncHTTPClient
package import FleetTools
internal import NIOCore
internal import NIOHTTP1
internal import NIOSSL

/// The aggregator's API, over one connection or a few.
package struct FleetServer: Sendable {
    package let access: ServerAccess
    private let client: HTTPClient

    /// More than any page of devices has.
    private static let answerBytes = 16 << 20
    private static let answerTime = TimeAmount.seconds(30)
    /// The server sends something at least every 30 seconds; a line that is silent for longer is
    /// dead.
    private static let silence = TimeAmount.seconds(90)

    /// Lets the closure talk to the server, and hangs up at its end.
    package static func connected<Result: Sendable>(
        to access: ServerAccess,
        _ body: (FleetServer) async throws(OperatorError) -> Result
    ) async throws(OperatorError) -> Result {
        let server = FleetServer(
            access: access,
            client: HTTPClient(
                eventLoopGroupProvider: .singleton, configuration: try configuration(access)))
        let result: Swift.Result<Result, OperatorError>
        do throws(OperatorError) {
            result = .success(try await body(server))
        } catch {
            result = .failure(error)
        }
        do {
            try await server.client.shutdown()
        } catch {
            // What was asked for counts; a connection that does not end cleanly says nothing.
            return try result.get()
        }
        return try result.get()
    }

    private static func configuration(
        _ access: ServerAccess
    ) throws(OperatorError) -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        configuration.httpVersion = .http1Only
        configuration.redirectConfiguration = .disallow
        configuration.timeout = .init(connect: .seconds(10), read: silence)
        configuration.connectionPool.retryConnectionEstablishment = false
        guard let file = access.authorityFile else { return configuration }
        var tls = TLSConfiguration.makeClientConfiguration()
        do {
            // Read here, so that a fault in it is told before anything is tried.
            let authorities = try NIOSSLCertificate.fromPEMFile(file)
            guard !authorities.isEmpty else { throw NIOSSLError.failedToLoadCertificate }
            tls.trustRoots = .certificates(authorities)
        } catch {
            throw OperatorError(
                .environment, "\(file) is not a file of certificates that can be read",
                fix: "Give the certificate of the authority that the aggregator's own comes from, "
                    + "in PEM: --ca FILE (`flotilla ca init` makes a ca.pem).")
        }
        tls.minimumTLSVersion = .tlsv12
        configuration.tlsConfiguration = tls
        return configuration
    }

    // MARK: Asking

    package func get(
        _ path: String, _ query: [(name: String, value: String)] = []
    ) async throws(OperatorError) -> Answer {
        try await answer(to: request(path, query))
    }

    package func post(_ path: String, _ body: [UInt8]) async throws(OperatorError) -> Answer {
        var request = request(path, [])
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.body = .bytes(ByteBuffer(bytes: body))
        return try await answer(to: request)
    }

    /// How the aggregator is; it answers with a status of its own when something fails it.
    package func health() async throws(OperatorError) -> Answer {
        try await answer(to: request("/healthz", []), accepting: [200, 503])
    }

    private func request(
        _ path: String, _ query: [(name: String, value: String)]
    ) -> HTTPClientRequest {
        let text = query.map { "\(percentEncoded($0.name))=\(percentEncoded($0.value))" }
        var request = HTTPClientRequest(
            url: access.url + path + (text.isEmpty ? "" : "?" + text.joined(separator: "&")))
        if let token = access.token {
            request.headers.add(name: "Authorization", value: "Bearer \(token)")
        }
        request.headers.add(name: "User-Agent", value: "flotilla")
        return request
    }

    private func answer(
        to request: HTTPClientRequest, accepting: Set<UInt> = [200, 202]
    ) async throws(OperatorError) -> Answer {
        let place = String(request.url.prefix { $0 != "?" })
        let status: UInt
        var bytes: [UInt8]
        do {
            let response = try await client.execute(request, timeout: Self.answerTime)
            status = response.status.code
            bytes = Array(buffer: try await response.body.collect(upTo: Self.answerBytes))
        } catch {
            throw failure(error)
        }
        if status == 202, bytes.isEmpty { bytes = Array("{}".utf8) }
        guard accepting.contains(status) else {
            throw refusal(status, bytes, place: place)
        }
        return try Answer(bytes, from: place)
    }

    // MARK: Listening

    /// Calls the closure at each change of the picture, until the server ends the stream.
    package func listen(_ changed: @Sendable () -> Void) async throws(OperatorError) {
        var request = request("/v1/changes", [])
        request.headers.add(name: "Accept", value: "text/event-stream")
        do {
            let response = try await client.execute(request, deadline: .distantFuture)
            guard response.status == .ok else {
                let bytes = Array(buffer: try await response.body.collect(upTo: 64 << 10))
                throw refusal(response.status.code, bytes, place: access.url + "/v1/changes")
            }
            var parser = EventStreamParser()
            for try await buffer in response.body {
                guard let events = parser.feed(buffer.readableBytesView) else {
                    throw OperatorError(
                        .environment, "\(access.url)/v1/changes sends no events but something else",
                        fix: "Check that this is the aggregator's address.")
                }
                if events.contains(where: { $0.name == "change" }) { changed() }
            }
        } catch {
            throw failure(error)
        }
    }
}

/// Everything but what RFC 3986 leaves free, so that no sign means anything on the way.
func percentEncoded(_ text: String) -> String {
    var encoded = ""
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "_"), UInt8(ascii: "~"):
            encoded.unicodeScalars.append(Unicode.Scalar(byte))
        default:
            let digits = String(byte, radix: 16, uppercase: true)
            encoded += "%" + (digits.utf8.count == 1 ? "0" : "") + digits
        }
    }
    return encoded
}
