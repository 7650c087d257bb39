/// The work's result, or the fault where it takes longer. The work is cancelled then, and waited
/// for: it must heed that.
func withDeadline<Result: Sendable>(
    _ duration: Duration, else fault: APIFault,
    _ work: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    try await withThrowingTaskGroup(of: Result.self) { group in
        group.addTask { try await work() }
        group.addTask {
            try await Task.sleep(for: duration)
            throw fault
        }
        defer { group.cancelAll() }
        guard let first = try await group.next() else {
            fatalError("a group with two tasks gave no result")
        }
        return first
    }
}
