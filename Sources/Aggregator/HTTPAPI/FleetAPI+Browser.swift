internal import Documents
internal import FleetAnswers
internal import FleetModel
internal import HTTPTypes
internal import HostSystem
internal import Hummingbird
internal import WebPages

/// What browsers ask for: the page, its parts, and logging in and out.
extension FleetAPI {
    /// Browsers take a cookie of this kind of name only if it is bound to this host and to TLS.
    var cookieName: String { settings.tls == nil ? "flotilla_session" : "__Host-flotilla_session" }

    private func cookie(_ value: String, for time: Duration) -> String {
        let secure = settings.tls == nil ? "" : "; Secure"
        return "\(cookieName)=\(value); Path=/; Max-Age=\(time.components.seconds); HttpOnly"
            + "; SameSite=Strict\(secure)"
    }

    /// Whether the request comes from a browser whose user logged in.
    func hasSession(_ proof: RequestProof) -> Bool {
        proof.cookie(cookieName).map { sessions.isGood($0, at: Clocks.wall()) } ?? false
    }

    func loginPage(_ call: Call) async throws -> Response {
        if hasSession(RequestProof(request: call.request)) { return .seeOther("/") }
        return .html(LoginPage(channel: settings.channel).html)
    }

    /// The right token is looked at first and always taken: everybody behind one proxy has one
    /// address, and who guesses there must not lock out the others.
    func logIn(_ call: Call) async throws -> Response {
        let form = URLEncodedText(String(decoding: call.body, as: UTF8.self))
        if let text = form?["token"]?.trimmed, settings.token.isSame(as: text) {
            var response = Response.seeOther("/")
            response.headers[.setCookie] = cookie(
                sessions.begin(at: Clocks.wall()), for: settings.bounds.sessionTime)
            return response
        }
        guard let wait = loginBound.take(call.address, at: Clocks.monotonic()) else {
            return loginPage(
                problem: "This is not the token. It is in the file that `tokenFile` of the "
                    + "aggregator's configuration names.", status: .unauthorized)
        }
        let seconds = max(1, wait.components.seconds)
        var response = loginPage(
            problem: "This is not the token, as those before it were not. Copy it anew from the "
                + "file that `tokenFile` of the aggregator's configuration names; wrong ones are "
                + "counted from the beginning in \(seconds) seconds.",
            status: .tooManyRequests)
        response.headers[.retryAfter] = String(seconds)
        return response
    }

    private func loginPage(problem: String, status: HTTPResponse.Status) -> Response {
        .html(LoginPage(channel: settings.channel, problem: problem).html, status: status)
    }

    func logOut(_ call: Call) async throws -> Response {
        if let value = RequestProof(request: call.request).cookie(cookieName) {
            sessions.end(value, at: Clocks.wall())
        }
        var response = Response.seeOther("/login")
        response.headers[.setCookie] = cookie("", for: .zero)
        return response
    }

    func asset(_ call: Call) async throws -> Response {
        guard let asset = Asset.all.first(where: { $0.fileName == call.parameter }) else {
            throw APIFault.notFound(call.request.uri.path)
        }
        var response = Response.text(asset.text, type: asset.mediaType)
        // Its name holds its digest, so it never changes.
        response.headers[.cacheControl] = "public, max-age=31536000, immutable"
        return response
    }

    func overviewPage(_ call: Call) async throws -> Response {
        var selection = PageSelection()
        var fault: APIFault?
        do throws(APIFault) {
            var reader = try call.query()
            let device = try reader.device("device")
            selection = PageSelection(devices: try DeviceQuery(&reader), device: device)
            try reader.finish()
        } catch {
            fault = error
        }
        let picture = await picture(of: selection)
        let page = OverviewPage(
            channel: settings.channel, picture: picture, selection: selection,
            problem: fault.map { "\($0.message). \($0.fix)" }, now: Clocks.wall())
        return .html(page.html, status: fault == nil ? .ok : .badRequest)
    }

    private func picture(of selection: PageSelection) async -> FleetPicture {
        async let devices = answers.devices(selection.devices)
        async let rollouts = answers.rollouts()
        async let drift = answers.drift()
        async let events = answers.events(EventQuery(limit: OverviewPage.eventCount))
        async let health = answers.health()
        var picture = FleetPicture(
            devices: await devices, rollouts: await rollouts, drift: await drift,
            events: await events, health: await health)
        if let id = selection.device {
            picture.device = await answers.device(id)
            picture.why = await answers.why(id)
        }
        // The bar shows the whole fleet, whatever the table is narrowed to.
        if selection.isNarrowed {
            picture.fleet = await answers.devices(DeviceQuery(limit: 1))
        }
        return picture
    }
}

extension StringProtocol {
    /// Without the white space at both ends, as a person copies it with a text.
    fileprivate var trimmed: String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
