internal import Digests

/// A file that the page loads, part of the program itself. Its name holds its digest, so browsers
/// may keep it for ever and never show a new page with an old one.
package struct Asset: Sendable {
    package let fileName: String
    package let mediaType: String
    package let text: String

    package static let script = Asset("page", "js", "text/javascript; charset=utf-8", pageScript)
    package static let stylesheet = Asset("page", "css", "text/css; charset=utf-8", pageStyle)
    package static let icon = Asset("flotilla", "svg", "image/svg+xml", pageIcon)
    package static let all = [script, stylesheet, icon]

    private init(_ name: String, _ ending: String, _ mediaType: String, _ text: String) {
        let digest = SHA256.hash(text.utf8).description.prefix(12)
        fileName = "\(name)-\(digest).\(ending)"
        self.mediaType = mediaType
        self.text = text
    }

    package var path: String { "/assets/\(fileName)" }
}
