internal import FleetModel
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import NIOCore

/// From a request to its answer: which route it is, who may, and what every answer has in common.
struct FleetResponder: HTTPResponder {
    typealias Context = CallContext

    private let api: FleetAPI
    private let routes: [Route]
    private let hostCheck: HostCheck
    private var bounds: HTTPBounds { api.settings.bounds }

    init(_ api: FleetAPI) {
        self.api = api
        routes = api.routes
        hostCheck = HostCheck(api.settings)
    }

    func respond(to request: Request, context: CallContext) async throws -> Response {
        var template = "none"
        var response: Response
        do {
            let (route, call) = try route(request, context)
            template = route.template
            response = try await answer(call, of: route)
            if request.method == .head { response = response.createHeadResponse() }
        } catch let fault as APIFault {
            response = fault.response
        } catch is NIOTooManyBytesError {
            response = APIFault.tooLarge(bounds.bodyBytes).response
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            context.logger.error("\(request.method) \(template): \(error)")
            response = APIFault.fault.response
        }
        api.counts.count(template, status: response.status.code)
        for field in Self.fields where response.headers[field.name] == nil {
            response.headers[field.name] = field.value
        }
        return response
    }

    private func route(
        _ request: Request, _ context: CallContext
    ) throws(APIFault) -> (Route, Call) {
        guard request.head.path?.utf8.count ?? 0 <= bounds.targetBytes else {
            throw APIFault(
                .uriTooLong, "addressTooLong",
                "the address has more than \(bounds.targetBytes) bytes",
                fix: "Ask for less at once.", headers: [.connection: "close"])
        }
        try hostCheck.check(request.head.authority)
        let path = request.uri.path
        let names = Route.names(of: path).map { percentDecoded($0.utf8) }
        guard !names.contains(nil) else { throw .brokenRequest }
        let fitting = routes.compactMap { route in
            route.parameter(in: names.compactMap(\.self)).map { (route, $0) }
        }
        guard !fitting.isEmpty else { throw .notFound(path) }
        let method = request.method == .head ? .get : request.method
        guard let (route, parameter) = fitting.first(where: { $0.0.method == method }) else {
            throw .notAllowed(
                request.method.rawValue, on: path,
                allowed: fitting.flatMap { route, _ in
                    route.method == .get ? ["GET", "HEAD"] : [route.method.rawValue]
                })
        }
        return (route, Call(request: request, address: context.address, parameter: parameter))
    }

    private func answer(_ call: Call, of route: Route) async throws -> Response {
        let proof = RequestProof(request: call.request)
        let isProgram = proof.bearer.map(api.settings.token.isSame(as:)) ?? false
        switch route.access {
        case .everybody:
            // What changes something by a cookie or sets one.
            if route.method != .get, proof.isFromOtherSite { throw APIFault.otherSite }
        case .readers: guard isProgram || api.hasSession(proof) else { throw APIFault.noToken }
        case .readersInBrowsers:
            guard isProgram || api.hasSession(proof) else { return .seeOther("/login") }
        case .programs: guard isProgram else { throw APIFault.noToken }
        case .hook: try await checkHook(call, proof)
        }
        let call = try await withDeadline(bounds.answerTime, else: .requestTooSlow) {
            try await read(call, route.body)
        }
        return try await withDeadline(bounds.answerTime, else: .tookTooLong) {
            try await route.handle(call)
        }
    }

    private func read(_ call: Call, _ body: Route.Body) async throws -> Call {
        guard body == .collected else { return call }
        var call = call
        let buffer = try await call.request.body.collect(upTo: bounds.bodyBytes)
        call.body = Array(buffer.readableBytesView)
        return call
    }

    /// Reads the body only where a signature over it is all there is: whoever has nothing to show
    /// makes no work.
    private func checkHook(_ call: Call, _ proof: RequestProof) async throws {
        switch proof.ofHook(api.settings.hookToken) {
        case .token: return
        case .none: throw APIFault.noHookToken
        case .signature(let code):
            let ours = try await withDeadline(bounds.answerTime, else: .requestTooSlow) {
                try await codeOfBody(call.request)
            }
            guard isSame(code, ours) else { throw APIFault.noHookToken }
        }
    }

    /// HMAC-SHA-256 under the hook's token.
    private func codeOfBody(_ request: Request) async throws -> [UInt8] {
        var code = HMAC(key: api.settings.hookToken.secret)
        var size = 0
        for try await buffer in request.body {
            size += buffer.readableBytes
            guard size <= bounds.hookBodyBytes else {
                throw APIFault.tooLarge(bounds.hookBodyBytes)
            }
            code.update(buffer.readableBytesView)
        }
        return code.finalize()
    }

    /// What browsers are told of every answer: to run, load and show nothing but our own, nowhere
    /// but in a page of ours, and to keep nothing.
    private static let fields: HTTPFields = [
        .contentSecurityPolicy:
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
            + "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        .xContentTypeOptions: "nosniff",
        .cacheControl: "no-store",
        name("Referrer-Policy"): "no-referrer",
        name("X-Frame-Options"): "DENY",
        name("Cross-Origin-Opener-Policy"): "same-origin",
        name("Cross-Origin-Resource-Policy"): "same-origin",
    ]
}

/// What Hummingbird knows of a request besides the request.
struct CallContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let address: String

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        address = source.channel.remoteAddress?.ipAddress ?? "unknown"
    }
}
