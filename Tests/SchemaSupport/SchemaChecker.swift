package import Documents
import Foundation
import YAMLDocument

/// Holds values against the schemas of an OpenAPI page: the part of JSON Schema that ours uses. An
/// object has no members but those that are described.
package struct SchemaChecker {
    package let page: Node

    package init(_ page: Node) { self.page = page }

    /// Of the page that describes the aggregator's API.
    package static func ofTheAPI() throws -> SchemaChecker {
        let place = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../docs/openapi.yaml")
        return SchemaChecker(
            try YAML.parse(Array(try Data(contentsOf: place)), file: "docs/openapi.yaml"))
    }

    /// What is wrong with the answer to a GET of a path such as `/v1/devices/{id}`.
    package func faults(ofAnswer value: Node, to path: String) -> [String] {
        let response = page["paths"]?[path]?["get"]?["responses"]?["200"]
        let content = response.map { resolved($0) }?["content"]
        guard let schema = content?["application/json"]?["schema"] else {
            return ["the answer to GET \(path) is not described"]
        }
        return faults(of: value, schema, at: path)
    }

    /// What a `$ref` leads to.
    package func resolved(_ node: Node) -> Node {
        guard let reference = node["$ref"]?.text else { return node }
        var place = page
        for name in reference.split(separator: "/").dropFirst() {
            guard let next = place[String(name)] else { return node }
            place = next
        }
        return resolved(place)
    }

    package func faults(of value: Node, _ schema: Node, at place: String = "") -> [String] {
        let schema = resolved(schema)
        if let choices = schema["oneOf"]?.items {
            let all = choices.map { faults(of: value, $0, at: place) }
            return all.contains([]) ? [] : ["\(place) fits no choice: \(all)"]
        }
        let parts = parts(of: schema)
        let types = parts.flatMap { self.types(of: $0) }
        guard types.isEmpty || types.contains(where: { isOf($0, value) }) else {
            return ["\(place) is not of \(types.joined(separator: "|"))"]
        }
        switch value.content {
        case .scalar(let scalar): return faults(of: scalar, parts, at: place)
        case .sequence(let items):
            guard let schema = schema["items"] else { return [] }
            return items.enumerated().flatMap { faults(of: $1, schema, at: "\(place)[\($0)]") }
        case .mapping(let entries): return faults(of: entries, parts, at: place)
        }
    }

    private func parts(of schema: Node) -> [Node] {
        let schema = resolved(schema)
        return schema["allOf"]?.items.flatMap { parts(of: $0) } ?? [schema]
    }

    private func types(of schema: Node) -> [String] {
        guard let type = schema["type"] else { return [] }
        return type.text.map { [$0] } ?? type.items.map { $0.scalarText ?? "null" }
    }

    private func isOf(_ type: String, _ value: Node) -> Bool {
        switch (type, value.content) {
        case ("object", .mapping), ("array", .sequence): true
        case ("null", .scalar(let scalar)): scalar.isNull
        case ("integer", .scalar(let scalar)): !scalar.isQuoted && Int64(scalar.text) != nil
        case ("boolean", .scalar(let scalar)):
            !scalar.isQuoted && ["true", "false"].contains(scalar.text)
        // Examples in YAML need no quotes.
        case ("string", .scalar(let scalar)):
            !scalar.isNull && (scalar.isQuoted || !isOther(scalar))
        default: false
        }
    }

    private func isOther(_ scalar: Node.Scalar) -> Bool {
        Int64(scalar.text) != nil || ["true", "false"].contains(scalar.text)
    }

    private func faults(
        of scalar: Node.Scalar, _ schemas: [Node], at place: String
    ) -> [String] {
        if scalar.isNull { return [] }
        return schemas.flatMap { schema in
            var faults: [String] = []
            if let words = schema["enum"]?.items.compactMap(\.text), !words.contains(scalar.text) {
                faults.append("\(place) is `\(scalar.text)` and not one of \(words)")
            }
            if let constant = schema["const"]?.text, constant != scalar.text {
                faults.append("\(place) is not \(constant)")
            }
            if let minimum = schema["minimum"]?.text.flatMap({ Int64($0) }),
                let value = Int64(scalar.text), value < minimum
            {
                faults.append("\(place) is less than \(minimum)")
            }
            if let pattern = schema["pattern"]?.text,
                scalar.text.range(of: pattern, options: .regularExpression) == nil
            {
                faults.append("\(place) is `\(scalar.text)` and not like \(pattern)")
            }
            return faults
        }
    }

    private func faults(
        of entries: [Node.Entry], _ schemas: [Node], at place: String
    ) -> [String] {
        var faults: [String] = []
        for schema in schemas {
            for name in schema["required"]?.items.compactMap(\.text) ?? []
            where !entries.contains(where: { $0.key == name }) {
                faults.append("\(place).\(name) is missing")
            }
        }
        for entry in entries {
            let schema =
                schemas.compactMap { $0["properties"]?[entry.key] }.first
                ?? schemas.compactMap { $0["additionalProperties"] }.first
            if let schema {
                faults += self.faults(of: entry.value, schema, at: "\(place).\(entry.key)")
            } else {
                faults.append("\(place).\(entry.key) is not described")
            }
        }
        return faults
    }
}

extension Node {
    subscript(key: String) -> Node? { entries.first { $0.key == key }?.value }

    var items: [Node] {
        guard case .sequence(let items) = content else { return [] }
        return items
    }

    var text: String? {
        guard case .scalar(let scalar) = content, !scalar.isNull else { return nil }
        return scalar.text
    }

    var entries: [Entry] {
        if case .mapping(let entries) = content { entries } else { [] }
    }

    fileprivate var scalarText: String? {
        guard case .scalar(let scalar) = content else { return nil }
        return scalar.isNull ? nil : scalar.text
    }
}
