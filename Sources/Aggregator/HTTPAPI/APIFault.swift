internal import Documents
internal import HTTPTypes
internal import Hummingbird

/// A request that is not answered as its sender wished, told so that he can mend it.
struct APIFault: Error, Sendable {
    var status: HTTPResponse.Status
    /// For programs: a word in camel case.
    var code: String
    var message: String
    /// What to do next, as a sentence in the imperative.
    var fix: String
    var headers: HTTPFields

    init(
        _ status: HTTPResponse.Status, _ code: String, _ message: String, fix: String,
        headers: HTTPFields = [:]
    ) {
        self.status = status
        self.code = code
        self.message = message
        self.fix = fix
        self.headers = headers
    }

    var response: Response {
        var response = Response.json(
            [
                "version": 1,
                "error": [
                    "code": .string(code), "message": .string(message), "fix": .string(fix),
                ],
            ], status: status)
        for field in headers { response.headers[field.name] = field.value }
        return response
    }
}

extension APIFault {
    static let noToken = APIFault(
        .unauthorized, "unauthorized", "a token is needed here, and this request has no valid one",
        fix: "Send `Authorization: Bearer TOKEN`; the token is in the file that `tokenFile` of the "
            + "aggregator's configuration names.",
        headers: [.wwwAuthenticate: #"Bearer realm="flotilla""#])

    static let noHookToken = APIFault(
        .unauthorized, "unauthorized", "nothing in this request proves that it comes from the hook",
        fix: "Give the Git server the token of `hookTokenFile` as the hook's secret, or send it as "
            + "`Authorization: Bearer TOKEN`.",
        headers: [.wwwAuthenticate: #"Bearer realm="flotilla hook""#])

    static let otherSite = APIFault(
        .forbidden, "otherSite", "this request was made by a page of another site",
        fix: "Open the aggregator's own page and do it there.")

    static let tookTooLong = APIFault(
        .gatewayTimeout, "timeout", "the answer was not ready in time",
        fix: "Try again; where it happens often, look at the load of the aggregator's machine.")

    static let requestTooSlow = APIFault(
        .requestTimeout, "requestTimeout", "the request did not arrive in time",
        fix: "Send it again, all of it.", headers: [.connection: "close"])

    static let brokenRequest = APIFault(
        .badRequest, "malformedRequest", "the request can't be understood",
        fix: "Percent-encode names and values as UTF-8, each `%` followed by two digits.")

    static let fault = APIFault(
        .internalServerError, "internal", "the aggregator failed at this request",
        fix: "Look at the aggregator's log, and report what you find there.")

    static func tooLarge(_ limit: Int) -> APIFault {
        APIFault(
            .contentTooLarge, "tooLarge", "the body has more than \(limit) bytes",
            fix: "Send less.", headers: [.connection: "close"])
    }

    static func notFound(_ path: String) -> APIFault {
        APIFault(
            .notFound, "notFound", "there is nothing at \(path.prefix(200))",
            fix: "docs/openapi.yaml lists what there is: /v1/devices, for example.")
    }

    static func noDevice(_ id: String) -> APIFault {
        APIFault(
            .notFound, "noSuchDevice", "no device `\(id.prefix(80))` is known",
            fix: "`flotilla devices` and /v1/devices list those that were ever heard.")
    }

    static func notAllowed(_ method: String, on path: String, allowed: [String]) -> APIFault {
        APIFault(
            .methodNotAllowed, "methodNotAllowed",
            "\(path.prefix(200)) can't be asked with \(method.prefix(20))",
            fix: "Use \(allowed.joined(separator: " or ")).",
            headers: [.allow: allowed.joined(separator: ", ")])
    }

    static func wrongParameter(_ name: String, _ message: String, fix: String) -> APIFault {
        APIFault(
            .badRequest, "invalidParameter", "`\(name.prefix(40))` \(message)", fix: fix)
    }
}

extension Response {
    static func json(_ value: JSONValue, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(string: value.canonical)))
    }

    static func text(
        _ text: String, type: String, status: HTTPResponse.Status = .ok
    ) -> Response {
        Response(
            status: status, headers: [.contentType: type],
            body: .init(byteBuffer: ByteBuffer(string: text)))
    }

    static func html(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
        .text(text, type: "text/html; charset=utf-8", status: status)
    }

    static func seeOther(_ place: String) -> Response {
        Response(status: .seeOther, headers: [.location: place])
    }
}
