internal import HTTPTypes
internal import Hummingbird

/// One thing that can be asked for: a method, a path, who may, and what is done.
struct Route: Sendable {
    enum Access: Sendable {
        case everybody
        /// By bearer token, or by a browser's session.
        case readers
        /// The same, but who has neither is sent to the login form.
        case readersInBrowsers
        /// By bearer token alone: a browser sends its cookie by itself, and may be made to.
        case programs
        /// By proof that the hook's token is known.
        case hook
    }

    enum Body: Sendable {
        case ignored
        case collected
    }

    let method: HTTPRequest.Method
    /// As in docs/openapi.yaml: `/v1/devices/{id}`. Has at most one parameter.
    let template: String
    let access: Access
    let body: Body
    let handle: @Sendable (Call) async throws -> Response

    private let names: [String]

    init(
        _ method: HTTPRequest.Method, _ template: String, _ access: Access, body: Body = .ignored,
        _ handle: @escaping @Sendable (Call) async throws -> Response
    ) {
        self.method = method
        self.template = template
        self.access = access
        self.body = body
        self.handle = handle
        names = Self.names(of: template)
    }

    static func names(of path: String) -> [String] {
        path.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    }

    /// The parameter's text, empty where there is none; nil where the path is not this route's.
    /// `path` are decoded names.
    func parameter(in path: [String]) -> String? {
        guard path.count == names.count else { return nil }
        var parameter = ""
        for (name, wanted) in zip(path, names) {
            if wanted.first == "{" {
                guard !name.isEmpty else { return nil }
                parameter = name
            } else if name != wanted {
                return nil
            }
        }
        return parameter
    }
}

/// One request, as a route's handler sees it.
struct Call: Sendable {
    let request: Request
    /// Where it comes from, without the port.
    let address: String
    /// What stands in the place of the template's parameter.
    let parameter: String
    var body: [UInt8] = []

    func query() throws(APIFault) -> QueryReader { try QueryReader(request.uri.query) }

    /// For routes that take nothing there.
    func noQuery() throws(APIFault) { try query().finish() }
}
