internal import Documents
internal import FleetModel

extension AgentConfiguration {
    /// Nil where no broker is configured, and after a fault, which the reader keeps.
    static func broker(_ reader: inout MappingReader, file: String) -> Broker? {
        guard let node = reader.node("broker") else { return nil }
        var inner = MappingReader(node, file: file, what: "`broker`")
        let url = inner.requiredText("url")
        let place = url.flatMap { Self.place($0.value) }
        if let url, place == nil {
            inner.report(
                at: url.position, "`\(url.value)` is not the URL of a broker with TLS",
                fix: "Write `mqtts://HOST` or `mqtts://HOST:PORT`; the port is 8883 otherwise.")
        }
        let broker = Broker(
            host: place?.host ?? "", port: place?.port ?? 8_883,
            ca: inner.requiredText("ca")?.value ?? "",
            certificate: inner.requiredText("certificate")?.value ?? "",
            key: inner.requiredText("key")?.value ?? "", topic: topic(&inner))
        inner.finish()
        reader.take(inner.diagnostics)
        return inner.diagnostics.isEmpty ? broker : nil
    }

    private static func topic(_ reader: inout MappingReader) -> String? {
        guard let (text, position) = reader.text("topic") else { return nil }
        if FleetManifest.isTopicPrefix(text) { return text }
        reader.report(
            at: position, "`\(text)` can't begin MQTT topics",
            fix: "Write what `broker.topic` of aggregator.yaml says, such as flotilla/harbour.")
        return nil
    }

    /// `mqtts://host`, `mqtts://host:port`, `mqtts://[address]:port`.
    private static func place(_ url: String) -> (host: String, port: Int)? {
        let scheme = "mqtts://"
        guard url.utf8.starts(with: scheme.utf8) else { return nil }
        var rest = Substring(url.utf8.dropFirst(scheme.utf8.count))
        if rest.utf8.last == UInt8(ascii: "/") { rest = rest.dropLast() }
        var host = rest
        var port: Substring?
        if rest.utf8.first == UInt8(ascii: "[") {
            guard let end = rest.utf8.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            host = rest[rest.utf8.index(after: rest.startIndex)..<end]
            let tail = rest[rest.utf8.index(after: end)...]
            if !tail.isEmpty {
                guard tail.utf8.first == UInt8(ascii: ":") else { return nil }
                port = tail.dropFirst()
            }
        } else if let colon = rest.utf8.firstIndex(of: UInt8(ascii: ":")) {
            host = rest[..<colon]
            port = rest[rest.utf8.index(after: colon)...]
        }
        let number = port.map { Int($0) } ?? 8_883
        let isHost =
            !host.isEmpty && host.utf8.count <= 253
            && host.utf8.allSatisfy { (0x21...0x7e).contains($0) && $0 != UInt8(ascii: "/") }
        guard isHost, let number, (1...65_535).contains(number) else { return nil }
        return (String(host), number)
    }
}
