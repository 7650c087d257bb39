public import Foundation

/// What a child process left behind.
public struct ChildResult: Sendable {
    /// The exit status, or 128 and the signal that ended it.
    public let status: Int32
    /// Its standard output.
    public let output: [UInt8]
    /// Its standard error, as text.
    public let complaint: String

    /// The standard output as text, without the line end.
    public var text: String {
        String(decoding: output, as: UTF8.self).trimmingCharacters(in: .newlines)
    }
}

/// A child that had to succeed and did not.
public struct ChildFailure: Error, CustomStringConvertible {
    /// The command and what it said.
    public let description: String

    /// A failure that tells `description`.
    public init(description: String) { self.description = description }
}

/// Runs a program to its end. It inherits nothing but PATH: its output goes through files, so that
/// a grandchild that lives on can't keep the test waiting.
public func runChild(
    _ command: [String], in folder: URL, environment: [String: String] = [:], input: [UInt8] = []
) throws -> ChildResult {
    let scratch = FileManager.default.temporaryDirectory
        .appendingPathComponent("flotilla-child-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: scratch) }
    let inputFile = scratch.appendingPathComponent("input")
    let outputFile = scratch.appendingPathComponent("output")
    let complaintFile = scratch.appendingPathComponent("complaint")
    try Data(input).write(to: inputFile)
    try Data().write(to: outputFile)
    try Data().write(to: complaintFile)

    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    process.currentDirectoryURL = folder
    process.environment = environment.merging(
        ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"],
        uniquingKeysWith: { own, _ in own })
    process.standardInput = try FileHandle(forReadingFrom: inputFile)
    process.standardOutput = try FileHandle(forWritingTo: outputFile)
    process.standardError = try FileHandle(forWritingTo: complaintFile)
    try process.run()
    process.waitUntilExit()
    let status = process.terminationStatus
    return ChildResult(
        status: process.terminationReason == .exit ? status : 128 + status,
        output: Array(try Data(contentsOf: outputFile)),
        complaint: String(decoding: try Data(contentsOf: complaintFile), as: UTF8.self))
}
