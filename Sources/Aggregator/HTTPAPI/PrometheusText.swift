internal import FleetAnswers

/// Prometheus' text format, version 0.0.4.
enum PrometheusText {
    static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

    static func write(_ metrics: [Metric]) -> String {
        var text = ""
        for metric in metrics {
            let name = self.name(metric.name, colonIsFine: true)
            text += "# HELP \(name) \(escape(metric.help, quotes: false))\n"
            text += "# TYPE \(name) \(metric.kind.rawValue)\n"
            for sample in metric.samples {
                text += name + sample.suffix.rawValue + labels(sample.labels)
                text += " \(number(sample.value))\n"
            }
        }
        return text
    }

    private static func labels(_ labels: [Metric.Label]) -> String {
        guard !labels.isEmpty else { return "" }
        let pairs = labels.map { label in
            "\(name(label.name, colonIsFine: false))=\"\(escape(label.value, quotes: true))\""
        }
        return "{\(pairs.joined(separator: ","))}"
    }

    /// A name with another character in it would make the whole page unreadable for Prometheus.
    private static func name(_ text: String, colonIsFine: Bool) -> String {
        var name = ""
        for (index, scalar) in text.unicodeScalars.enumerated() {
            let isFine =
                switch scalar {
                case "a"..."z", "A"..."Z", "_": true
                case "0"..."9": index > 0
                case ":": colonIsFine
                default: false
                }
            name.unicodeScalars.append(isFine ? scalar : "_")
        }
        return name.isEmpty ? "_" : name
    }

    private static func escape(_ text: String, quotes: Bool) -> String {
        var escaped = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped.append(contentsOf: #"\\"#.unicodeScalars)
            case "\n": escaped.append(contentsOf: #"\n"#.unicodeScalars)
            case "\"" where quotes: escaped.append(contentsOf: #"\""#.unicodeScalars)
            default: escaped.append(scalar)
            }
        }
        return String(escaped)
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if let whole = Int64(exactly: value) { return String(whole) }
        return value.description
    }
}
