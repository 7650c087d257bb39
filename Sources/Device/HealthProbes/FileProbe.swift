internal import FleetModel
internal import HostSystem

/// Whether a file exists and, where given, has a text in its first `Limits.probedBytes`.
enum FileProbe {
    static func run(path: String, contains text: String?, below root: Root) -> ProbeResult {
        do throws(SystemError) {
            let file = try root.openFileFollowingLinks(path)
            guard let text else { return ProbeResult(passed: true, detail: "\(path) exists") }
            var contents: [UInt8] = []
            while contents.count < Limits.probedBytes {
                let part = try file.read(upTo: Limits.probedBytes - contents.count)
                if part.isEmpty { break }
                contents += part
            }
            if ByteSearch.contains(Array(text.utf8), in: contents) {
                return ProbeResult(passed: true, detail: "\(path) has `\(text)`")
            }
            let place =
                contents.count < Limits.probedBytes
                ? path : "the first \(Limits.probedBytes >> 10) KiB of \(path)"
            return ProbeResult(passed: false, detail: "`\(text)` is not in \(place)")
        } catch {
            return ProbeResult(passed: false, detail: error.description)
        }
    }
}
