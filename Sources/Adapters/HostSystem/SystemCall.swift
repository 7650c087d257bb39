internal import Glibc

/// Makes one call that says -1 for failure, again after a signal interrupted it.
@discardableResult
func systemCall<Value: SignedInteger>(
    _ operation: String, _ path: String, _ body: () -> Value
) throws(SystemError) -> Value {
    while true {
        let result = body()
        if result != -1 { return result }
        let code = errno
        if code != EINTR { throw SystemError(operation: operation, path: path, code: code) }
    }
}

/// Makes one call that returns its error instead of setting `errno`, as the POSIX threads and spawn
/// functions do.
func numberedCall(_ operation: String, _ path: String, _ body: () -> Int32) throws(SystemError) {
    let code = body()
    if code != 0 { throw SystemError(operation: operation, path: path, code: code) }
}
