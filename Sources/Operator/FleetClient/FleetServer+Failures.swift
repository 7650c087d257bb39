internal import AsyncHTTPClient
internal import Documents
internal import FleetTools
internal import Glibc
internal import NIOCore
internal import NIOPosix
internal import NIOSSL

/// What went wrong between us and the aggregator, told so that it can be mended.
extension FleetServer {
    /// Nothing was answered.
    func failure(_ error: any Error) -> OperatorError {
        switch error {
        case let error as OperatorError: error
        case is CancellationError: interrupted
        case let error as HTTPClientError: failure(error)
        case let error as NIOConnectionError where error.connectionErrors.isEmpty: noAddress(error)
        case is NIOConnectionError: noConnection
        case let error as IOError where error.errnoCode == ECONNREFUSED: noConnection
        case let error as NIOSSLError: untrusted("\(error)")
        case let error as NIOSSLExtraError: untrusted("\(error)")
        case is NIOTooManyBytesError:
            OperatorError(
                .environment, "\(access.url) answers with more than can be an answer of ours",
                fix: "Check that this is the aggregator's address.")
        default:
            OperatorError(
                .environment, "the connection to \(access.url) broke: \(error)",
                fix: "Try again; where it goes on, look at the aggregator's log.")
        }
    }

    private var interrupted: OperatorError {
        OperatorError(.environment, "the work was broken off", fix: "Start it again.")
    }

    private func failure(_ error: HTTPClientError) -> OperatorError {
        switch error {
        case .cancelled: interrupted
        case .tlsHandshakeTimeout:
            untrusted("it does not finish a TLS handshake")
        case .connectTimeout, .getConnectionFromPoolTimeout:
            OperatorError(
                .environment, "\(access.url) does not answer: no connection within 10 seconds",
                fix: "Check the address, and that no firewall is between you and the aggregator.")
        case .readTimeout, .deadlineExceeded:
            OperatorError(
                .environment, "\(access.url) took the question and does not answer",
                fix: "Look at the aggregator: `systemctl status flotilla-aggregator`.")
        case .remoteConnectionClosed, .uncleanShutdown:
            OperatorError(
                .environment, "\(access.url) hung up without an answer",
                fix: access.url.hasPrefix("http:")
                    ? "Where the aggregator has a certificate, the address begins with https://."
                    : "Look at the aggregator: `systemctl status flotilla-aggregator`.")
        default:
            OperatorError(
                .environment, "\(access.url) can't be asked: \(error.shortDescription)",
                fix: "Check the address, and that it is the aggregator's.")
        }
    }

    private func noAddress(_ error: NIOConnectionError) -> OperatorError {
        OperatorError(
            .environment, "the host \(error.host) of \(access.url) has no address",
            fix: "Check its spelling in --server or FLOTILLA_SERVER.")
    }

    private var noConnection: OperatorError {
        OperatorError(
            .environment, "nothing listens at \(access.url)",
            fix: access.isDefault
                ? "Say where the aggregator is: --server https://HOST:PORT, or FLOTILLA_SERVER."
                : "Check the address, and that the aggregator runs: `systemctl status "
                    + "flotilla-aggregator`.")
    }

    private func untrusted(_ detail: String) -> OperatorError {
        let reason: String
        if detail.contains("CERTIFICATE_VERIFY_FAILED") {
            reason = "its certificate is of an authority that is not trusted here, or out of date"
        } else if detail.contains("ostname") {
            reason = "its certificate is for another name"
        } else if detail.contains("WRONG_VERSION_NUMBER") || detail.contains("HTTP_REQUEST") {
            reason = "it does not speak TLS"
        } else {
            reason = detail
        }
        let authority =
            access.authorityFile.map { "\($0) is trusted" } ?? "the system's are trusted"
        return OperatorError(
            .environment, "\(access.url) is not the server that it should be: \(reason)",
            fix: "Check the address, and give the right authority with --ca FILE or FLOTILLA_CA "
                + "(now \(authority)).")
    }

    // MARK: Answers that say no

    func refusal(_ status: UInt, _ bytes: [UInt8], place: String) -> OperatorError {
        if status == 401 { return unknown }
        let said = try? Answer(bytes, from: place).object("error")
        let message = said?.text("message")
        let fix = said?.text("fix")
        guard let message else {
            return OperatorError(
                .environment, "\(place) answers with status \(status), and not as ours would",
                fix: "Check that this is the aggregator's address, and that its version is ours.")
        }
        switch status {
        case 400:
            return OperatorError(.usage, message, fix: fix ?? "Correct what you asked for.")
        case 403, 404, 409:
            return OperatorError(.refused, message, fix: fix ?? "Look at `flotilla status`.")
        case 429, 503:
            return OperatorError(
                .environment, "the aggregator can't answer now: \(message)",
                fix: fix ?? "Try again in a moment.")
        default:
            return OperatorError(
                .environment, "\(place) failed with status \(status): \(message)",
                fix: fix ?? "Look at the aggregator's log.")
        }
    }

    private var unknown: OperatorError {
        guard let file = access.tokenFile else {
            return OperatorError(
                .environment, "\(access.url) wants a token",
                fix: "Give a file that holds it: --token-file FILE, or FLOTILLA_TOKEN_FILE. It is "
                    + "the `tokenFile` of the aggregator's configuration.")
        }
        return OperatorError(
            .environment, "\(access.url) does not know the token in \(file)",
            fix: "Copy the token anew: it is the `tokenFile` of the aggregator's configuration.")
    }
}
