internal import NetworkStreams

/// Why a try came to no answer that could be judged.
struct ProbeFault: Error, Equatable {
    /// A sentence for the report.
    var message: String
    var isTimeout = false

    init(_ message: String) { self.message = message }

    init(_ error: NetworkError) {
        message = error.description
        isTimeout = error.code == .timeout
    }
}

/// Speaks with a server, whose silence or refusal is the fault of the check that asked.
func conversing<Value>(
    _ body: () throws(NetworkError) -> Value
) throws(ProbeFault) -> Value {
    do throws(NetworkError) {
        return try body()
    } catch {
        throw ProbeFault(error)
    }
}
