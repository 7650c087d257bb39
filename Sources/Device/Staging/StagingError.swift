/// Staging could not be brought to a verdict: the disk, the object store or a record is at fault,
/// and not the release. The agent tries again later.
package struct StagingError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Code: Equatable, Sendable {
        case record, repository, disk, trust, internalFault
    }

    package var code: Code
    package var description: String

    package init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}

/// Names the part that is at fault, whatever error it threw.
@discardableResult
func at<Value>(
    _ code: StagingError.Code, _ body: () throws -> Value
) throws(StagingError) -> Value {
    do {
        return try body()
    } catch let error as StagingError {
        throw error
    } catch {
        throw StagingError(code, "\(error)")
    }
}
