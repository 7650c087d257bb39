import Documents
import Foundation
import HTTPTypes
import SchemaSupport
import Testing
import YAMLDocument

@testable import HTTPAPI

/// docs/openapi.yaml says what the server does, and nothing else.
@Suite struct OpenAPITests {
    private static func page() throws -> Node { try SchemaChecker.ofTheAPI().page }

    private static let methods = ["get", "put", "post", "delete", "head", "patch", "options"]

    @Test("every route is described, and every description has its route")
    func routes() throws {
        let api = FleetAPI(try testSettings(), answers: SampleFleet())
        let routed = Set(api.routes.map { "\($0.method.rawValue.lowercased()) \($0.template)" })
        var described: Set<String> = []
        for path in try #require(try Self.page()["paths"]).entries {
            for entry in path.value.entries where Self.methods.contains(entry.key) {
                described.insert("\(entry.key) \(path.key)")
            }
        }
        #expect(routed == described)
    }

    @Test("who may ask is described as it is")
    func security() throws {
        let page = try Self.page()
        for route in FleetAPI(try testSettings(), answers: SampleFleet()).routes {
            let operation = page["paths"]?[route.template]?[route.method.rawValue.lowercased()]
            let security = operation?["security"].map { $0.items.flatMap { $0.entries.map(\.key) } }
            switch route.access {
            case .everybody: #expect(security == [], "\(route.template)")
            case .readers, .readersInBrowsers: #expect(security == nil, "\(route.template)")
            case .programs: #expect(security == ["token"], "\(route.template)")
            case .hook:
                #expect(security == ["hookToken", "hookSignature", "gitlabToken"])
            }
        }
    }

    @Test("every parameter of a query is described, and every one that is described is taken")
    func parameters() async throws {
        let page = try Self.page()
        try await withTestServer { server in
            for path in page["paths"]?.entries ?? [] {
                guard path.key.hasPrefix("/v1/"), let get = path.value["get"],
                    path.key != "/v1/changes"
                else { continue }
                let place = path.key.replacingOccurrences(of: "{id}", with: "berth-03")
                for parameter in get["parameters"]?.items ?? [] {
                    let parameter = SchemaChecker(page).resolved(parameter)
                    guard parameter["in"]?.text == "query" else { continue }
                    let name = try #require(parameter["name"]?.text)
                    let value = Self.samples[name] ?? "?"
                    let answer = try await server.request("\(place)?\(name)=\(value)")
                    #expect(answer.status == 200, "\(place) \(name): \(answer.text)")
                }
                // What is taken and not described would be a suggestion here.
                let answer = try await server.request("\(place)?zzzzzzzz=1")
                let fix = try answer.json()["error"]?["fix"]?.text ?? ""
                let described = (get["parameters"]?.items ?? []).map(SchemaChecker(page).resolved)
                    .filter { $0["in"]?.text == "query" }.compactMap { $0["name"]?.text }
                #expect(
                    described.isEmpty
                        ? fix.contains("nothing can be given")
                        : fix.hasSuffix(described.joined(separator: ", ") + "."),
                    "\(place): \(fix)")
            }
        }
    }

    private static let samples = [
        "state": "failed", "selector": "ring%3Dcanary", "drift": "true", "text": "berth",
        "after": "1", "device": "berth-03", "limit": "5",
    ]

    @Test("every answer has the members that are described, and no others")
    func answers() async throws {
        let page = try Self.page()
        let checker = SchemaChecker(page)
        try await withTestServer { server in
            for path in page["paths"]?.entries ?? [] {
                let operations = path.value.entries.filter { Self.methods.contains($0.key) }
                for (method, operation) in operations.map({ ($0.key, $0.value) }) {
                    for response in operation["responses"]?.entries ?? [] {
                        let content = checker.resolved(response.value)["content"]
                        guard let json = content?["application/json"] else { continue }
                        let schema = try #require(json["schema"])
                        let what = "\(method) \(path.key) \(response.key)"
                        if let example = json["example"] {
                            #expect(checker.faults(of: example, schema) == [], "example of \(what)")
                        }
                        guard ["200", "202"].contains(response.key) else { continue }
                        let answer = try await server.request(
                            path.key.replacingOccurrences(of: "{id}", with: "berth-30"),
                            method: method.uppercased(),
                            token: path.key == "/v1/hooks/push"
                                ? TestServer.hookToken : TestServer.token,
                            body: method == "post" ? "{}" : "")
                        #expect(answer.status == Int(response.key), "\(what)")
                        #expect(checker.faults(of: try answer.json(), schema) == [], "\(what)")
                    }
                }
            }
            let error = try await server.request("/nothing").json()
            let schema = try #require(page["components"]?["schemas"]?["Error"])
            #expect(checker.faults(of: error, schema) == [])
        }
    }

    @Test("the checker finds what is missing, what is too much and what is of another kind")
    func checker() throws {
        let page = try YAML.parse(
            Array(
                """
                components:
                  schemas:
                    Base: {type: object, required: [a], properties: {a: {type: integer, minimum: 1}}}
                    Whole:
                      allOf:
                        - $ref: "#/components/schemas/Base"
                        - type: object
                          properties:
                            b: {type: [string, "null"], enum: [x, y]}
                            c: {oneOf: [{type: "null"}, {type: array, items: {type: boolean}}]}
                            d: {type: object, additionalProperties: {type: string, pattern: "^[a-z]$"}}
                """.utf8), file: "test")
        let checker = SchemaChecker(page)
        let schema = try #require(page["components"]?["schemas"]?["Whole"])
        func faults(_ yaml: String) throws -> [String] {
            checker.faults(of: try YAML.parse(Array(yaml.utf8), file: "test"), schema)
        }
        #expect(try faults("{a: 1, b: null, c: [true, false], d: {k: z}}") == [])
        #expect(try faults("{b: x}") == [".a is missing"])
        #expect(try faults("{a: 1, e: 1}") == [".e is not described"])
        #expect(try faults("{a: 0}").count == 1)
        #expect(try faults("{a: one}").count == 1)
        #expect(try faults("{a: 1, b: z}").count == 1)
        #expect(try faults("{a: 1, c: [1]}").count == 1)
        #expect(try faults("{a: 1, d: {k: 1, l: zz}}").count == 2)
        #expect(try faults("[1]").count == 1)
    }
}
