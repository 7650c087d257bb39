import Foundation

/// A program of this package that the build made: in the folder FLOTILLA_BIN, or beside the tests.
public func builtProgram(_ name: String) throws -> String {
    let folder =
        ProcessInfo.processInfo.environment["FLOTILLA_BIN"]
        ?? URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().path
    let path = "\(folder)/\(name)"
    guard FileManager.default.isExecutableFile(atPath: path) else {
        throw ChildFailure(
            description: "there is no program \(path): build it, or set FLOTILLA_BIN")
    }
    return path
}
