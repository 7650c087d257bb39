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

/// Puts a program of this package where a test wants it. A process of its own copies it: were the
/// copy open for writing in this one, a child that another test starts at that moment would inherit
/// it, and the copy could not be run ("text file busy").
public func copyBuiltProgram(_ name: String, to path: String) throws {
    _ = try run("cp", [try builtProgram(name), path])
}
