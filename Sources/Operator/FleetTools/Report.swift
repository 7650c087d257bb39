package import Documents

/// What a command found or did, for people and for programs.
package protocol Report {
    /// With which status the command ends.
    var status: ExitStatus { get }
    var json: JSONValue { get }
    /// For people, fitted to the terminal.
    func lines(on terminal: Terminal) -> [String]
}
