public import Foundation

/// A program that a test runs to its end did not do what it should.
public struct CommandFailure: Error, CustomStringConvertible {
    /// What was run.
    public var command: String
    /// Its exit status.
    public var status: Int32
    /// What it wrote.
    public var output: String

    /// The failure in one text.
    public var description: String { "\(command) ended with \(status): \(output)" }
}

/// Runs a program to its end and returns what it wrote to its standard output. It gets a small
/// environment of its own, so that nothing of the user's has a say.
@discardableResult
public func run(
    _ executable: String, _ arguments: [String], in folder: URL? = nil,
    environment: [String: String] = [:], input: Data? = nil
) throws -> Data {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [executable] + arguments
    process.currentDirectoryURL = folder
    process.environment = environment.merging([
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/nonexistent", "LC_ALL": "C.UTF-8",
    ]) { own, _ in own }
    let files = FileManager.default.temporaryDirectory
        .appendingPathComponent("flotilla-command-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: files, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: files) }
    // Files and not pipes: a pipe that fills up would stop the program for ever.
    func file(_ name: String, _ contents: Data = Data()) throws -> URL {
        let url = files.appendingPathComponent(name)
        try contents.write(to: url)
        return url
    }
    let output = try file("output")
    let errors = try file("errors")
    process.standardInput = try FileHandle(forReadingFrom: file("input", input ?? Data()))
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
        throw CommandFailure(
            command: ([executable] + arguments).joined(separator: " "),
            status: process.terminationStatus,
            output: String(decoding: try Data(contentsOf: errors), as: UTF8.self))
    }
    // Not Data(contentsOf:), which leaks a page for each empty file and hides other leaks.
    return try FileHandle(forReadingFrom: output).readToEnd() ?? Data()
}
