import Documents
import Testing

@Suite struct DiagnosticTests {
    @Test("a place is told as editors write it")
    func place() {
        let position = SourcePosition(line: 3, column: 7)
        let diagnostic = Diagnostic(file: "a.yaml", position: position, message: "m", fix: "f")
        #expect(diagnostic.description == "a.yaml:3:7: m\n    fix: f")
        #expect(Diagnostic(file: "a.yaml", message: "m", fix: "f").place == "a.yaml")
    }

    @Test("what it quotes can't take over a terminal")
    func controlCharacters() {
        let hostile = "\u{1b}[2J\u{9b}1m\r\u{7f}\u{202e}ä👩‍🚀"
        let diagnostic = Diagnostic(file: hostile, message: hostile, fix: hostile)
        let shown = "\u{fffd}[2J\u{fffd}1m\u{fffd}\u{fffd}\u{fffd}ä👩‍🚀"
        #expect(diagnostic.description == "\(shown): \(shown)\n    fix: \(shown)")
    }
}
