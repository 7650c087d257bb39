import Documents
import FleetAnswers
import FleetModel
import Foundation
import Testing
import WebPages

@testable import HTTPAPI

@Suite struct RouteTests {
    @Test("every route of the API answers JSON, version 1, to who has the token")
    func answers() async throws {
        try await withTestServer { server in
            for target in [
                "/v1/devices", "/v1/devices/berth-03", "/v1/devices/berth-03/why", "/v1/rollouts",
                "/v1/drift", "/v1/events", "/healthz",
            ] {
                let answer = try await server.request(target)
                #expect(answer.status == 200, "\(target)")
                #expect(answer.fields["content-type"] == "application/json")
                #expect(try answer.json()["version"]?.text == "1", "\(target)")
            }
        }
    }

    @Test("devices are narrowed by state, selector, drift and text, and come page by page")
    func devices() async throws {
        try await withTestServer { server in
            func ids(_ query: String) async throws -> [String] {
                let answer = try await server.request("/v1/devices?\(query)")
                #expect(answer.status == 200, "\(query): \(answer.text)")
                return try answer.json()["devices"]?.items.compactMap { $0["id"]?.text } ?? []
            }
            #expect(try await ids("state=rolledBack") == ["berth-13"])
            #expect(try await ids("selector=ring%3Dcanary%2C%20site+in+(berlin)") == ["berth-01"])
            #expect(try await ids("drift=true") == ["berth-30"])
            #expect(try await ids("text=Site=BERLIN&limit=2") == ["berth-01", "berth-05"])
            #expect(try await ids("text=berth-4&after=berth-45") == ["berth-46", "berth-47"])
            let page = try await server.request("/v1/devices?limit=2&state=succeeded").json()
            #expect(page["next"]?.text == "berth-01")
            #expect(page["total"]?.text == "14")
            // The counts leave the state aside, for they are what one chooses a state from.
            #expect(page["counts"]?["rolledBack"]?.text == "1")
            // An empty field of a form is as good as none.
            #expect(try await ids("state=&text=berth-13&selector=&drift=") == ["berth-13"])
        }
    }

    @Test("events come after a number, and of one device")
    func events() async throws {
        try await withTestServer { server in
            let later = try await server.request("/v1/events?after=5").json()
            #expect(later["events"]?.items.compactMap { $0["number"]?.text } == ["6", "7"])
            #expect(later["next"]?.text == "7")
            let one = try await server.request("/v1/events?device=berth-13&limit=1").json()
            #expect(one["events"]?.items.compactMap { $0["kind"]?.text } == ["rolledBack"])
        }
    }

    @Test(
        "what is asked wrongly is told, with what to do",
        arguments: [
            ("/v1/devices?state=faild", 400, "invalidParameter"),
            ("/v1/devices?limit=0", 400, "invalidParameter"),
            ("/v1/devices?limit=1001", 400, "invalidParameter"),
            ("/v1/devices?limit=ten", 400, "invalidParameter"),
            ("/v1/devices?after=NO", 400, "invalidParameter"),
            ("/v1/devices?drift=maybe", 400, "invalidParameter"),
            ("/v1/devices?selector=a%3D%3D%3D", 400, "invalidParameter"),
            ("/v1/devices?text=" + String(repeating: "x", count: 129), 400, "invalidParameter"),
            ("/v1/devices?state=failed&state=held", 400, "invalidParameter"),
            ("/v1/devices?stat=failed", 400, "unknownParameter"),
            ("/v1/rollouts?x=1", 400, "unknownParameter"),
            ("/healthz?x=1", 400, "unknownParameter"), ("/metrics?x=1", 400, "unknownParameter"),
            ("/v1/devices?state=%zz", 400, "malformedRequest"),
            ("/v1/devices?state=%ff", 400, "malformedRequest"),
            ("/v1/devices?" + String(repeating: "a=1&", count: 33), 400, "malformedRequest"),
            ("/v1/events?after=-1", 400, "invalidParameter"),
            ("/v1/devices/berth-99", 404, "noSuchDevice"),
            ("/v1/devices/NO", 404, "noSuchDevice"),
            ("/v1/devices/berth-99/why", 404, "noSuchDevice"),
            ("/v1/devices/", 404, "notFound"), ("/v1/device", 404, "notFound"),
            ("//v1/devices", 404, "notFound"), ("/v1/devices/a%2fwhy", 404, "noSuchDevice"),
            ("/assets/../../etc/passwd", 404, "notFound"), ("/assets/none.js", 404, "notFound"),
            ("/v1/devices?text=" + String(repeating: "x", count: 15_000), 400, "invalidParameter"),
        ])
    func mistakes(target: String, status: Int, code: String) async throws {
        try await withTestServer { server in
            let answer = try await server.request(target)
            #expect(answer.status == status)
            #expect(try answer.errorCode() == code)
        }
    }

    @Test("a misspelt parameter is told with the right one")
    func suggestion() async throws {
        try await withTestServer { server in
            let answer = try await server.request("/v1/devices?selektor=a")
            #expect(try answer.json()["error"]?["fix"]?.text == "Did you mean `selector`?")
        }
    }

    @Test("an address that is too long is refused before anything else")
    func longAddress() async throws {
        try await withTestServer { server in
            let text = String(repeating: "x", count: 17 << 10)
            let answer = try await server.request("/v1/devices?text=\(text)")
            #expect([400, 414].contains(answer.status))
        }
    }

    @Test("another method is refused with those that are allowed; HEAD is GET without a body")
    func methods() async throws {
        try await withTestServer { server in
            let put = try await server.request("/v1/devices", method: "PUT")
            #expect(put.status == 405)
            #expect(put.fields["allow"] == "GET, HEAD")
            #expect(try put.errorCode() == "methodNotAllowed")
            let get = try await server.request("/v1/commands")
            #expect(get.status == 405)
            #expect(get.fields["allow"] == "POST")
            let head = try await server.request("/v1/rollouts", method: "HEAD")
            #expect(head.status == 200)
            #expect(head.text.isEmpty)
            #expect(
                try await server.request("/login", method: "DELETE").fields["allow"]
                    == "GET, HEAD, POST")
        }
    }

    @Test("every answer, of whatever kind, tells the browser to trust nothing but us")
    func securityFields() async throws {
        try await withTestServer { server in
            for target in ["/", "/login", "/v1/devices", "/nothing", "/healthz", Self.script] {
                let fields = try await server.request(target).fields
                let policy = fields["content-security-policy"] ?? ""
                #expect(policy.contains("default-src 'none'"), "\(target)")
                #expect(policy.contains("frame-ancestors 'none'"))
                #expect(!policy.contains("unsafe"))
                #expect(fields["x-content-type-options"] == "nosniff")
                let isForEver = fields["cache-control"]?.contains("immutable") == true
                #expect(isForEver == target.hasPrefix("/assets/"))
                #expect(isForEver || fields["cache-control"] == "no-store")
            }
        }
    }

    private static let script = "/assets/" + (assetNames.first ?? "")

    @Test("the page's script, style sheet and icon are there for everybody")
    func assets() async throws {
        try await withTestServer { server in
            for name in Self.assetNames {
                let answer = try await server.request("/assets/\(name)", token: nil)
                #expect(answer.status == 200)
                #expect(!answer.text.isEmpty)
            }
        }
    }

    private static let assetNames = Asset.all.map(\.fileName)

    @Test("health says 503 when something fails, and needs no token")
    func health() async throws {
        try await withTestServer { server in
            #expect(try await server.request("/healthz", token: nil).status == 200)
            await server.fleet.set(healthStatus: "impaired")
            let answer = try await server.request("/healthz", token: nil)
            #expect(answer.status == 503)
            #expect(try answer.json()["status"]?.text == "impaired")
        }
    }

    @Test("a command goes on as it came, and its refusal keeps its kind")
    func commands() async throws {
        try await withTestServer { server in
            let accepted = try await server.request(
                "/v1/commands", method: "POST", body: #"{"version":1}"#)
            #expect(accepted.status == 200)
            #expect(try accepted.json()["standing"]?.text == "paused")
            #expect(await server.fleet.commands == [Array(#"{"version":1}"#.utf8)])
            for (kind, status) in [
                (CommandRefusal.Kind.malformed, 400), (.forbidden, 403), (.conflict, 409),
            ] {
                await server.fleet.set(
                    .refused(
                        CommandRefusal(
                            kind, code: "unknownKey", message: "who is that?", fix: "Say it.")))
                let refused = try await server.request("/v1/commands", method: "POST", body: "{}")
                #expect(refused.status == status)
                #expect(try refused.errorCode() == "unknownKey")
            }
        }
    }

    @Test("metrics are as Prometheus wants them, whatever is in a label")
    func metrics() async throws {
        try await withTestServer { server in
            await server.fleet.set(metrics: [
                Metric(
                    "flotilla.odd name", "Line one\nback\\slash \"quotes\"", .counter,
                    [
                        .init(0.25, [.init("1name", "a\"b\\c\nd")]), .init(.infinity),
                        .init(.nan, [], suffix: .sum), .init(1e20), .init(-3),
                    ])
            ])
            _ = try await server.request("/nothing")
            let answer = try await server.request("/metrics")
            #expect(answer.fields["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
            #expect(answer.text.contains("# TYPE flotilla_devices gauge\n"))
            #expect(answer.text.contains("flotilla_devices{state=\"rolledBack\"} 1\n"))
            #expect(
                answer.text.contains(
                    #"""
                    # HELP flotilla_odd_name Line one\nback\\slash "quotes"
                    # TYPE flotilla_odd_name counter
                    flotilla_odd_name{_name="a\"b\\c\nd"} 0.25
                    flotilla_odd_name +Inf
                    flotilla_odd_name_sum NaN
                    flotilla_odd_name 1e+20
                    flotilla_odd_name -3

                    """#))
            #expect(
                answer.text.contains(
                    "flotilla_http_requests_total{route=\"none\",status=\"404\"} 1\n"))
            #expect(answer.text.contains("flotilla_http_listeners 0\n"))
        }
    }
}
