/// What `flotilla-agent status --json` said.
package struct DeviceStatus: Sendable {
    package let exit: Int
    package let view: JSONView

    package init(_ bytes: [UInt8], exit: Int) throws {
        view = try JSONView(bytes, from: "status --json")
        self.exit = exit
    }

    /// The value at a path of keys, such as `alarm.kind`: its text, the number of elements of a
    /// list, or nil for null and for what is not there. `exit` is the command's own exit status.
    package subscript(path path: String) -> String? {
        path == "exit" ? String(exit) : view[path]
    }

    /// The same without the exit status.
    subscript(path: String) -> String? { view[path] }

    /// Expected and found, a line for each value that is not as it should be.
    package func differences(from expected: [String: Word]) -> [String] {
        var expected = expected
        let exitWord = expected.removeValue(forKey: "exit")
        let exitDifference =
            exitWord.map { $0.fits(String(exit)) } ?? true
            ? [] : ["status exit: expected \(exitWord ?? .something), found \(exit)"]
        return exitDifference + view.differences("status", from: expected)
    }
}
