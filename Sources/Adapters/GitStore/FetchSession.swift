internal import CGit2
internal import FleetModel
internal import Glibc

/// One fetch while it runs: its bounds, its counters, and the first thing that went wrong. libgit2's
/// callbacks and streams meet here; all of them run on the thread that fetches.
final class FetchSession {
    let request: FetchRequest
    let url: RemoteURL
    let progress: (FetchProgress) -> Bool
    let deadline: MonotonicTime
    private(set) var receivedBytes = 0
    /// The cause. What follows from it (a stream that ended, a header that is cut) hides it in
    /// libgit2's own message.
    private(set) var firstError: GitError?
    var credentialsAsked = 0

    init(_ request: FetchRequest, _ url: RemoteURL, progress: @escaping (FetchProgress) -> Bool) {
        self.request = request
        self.url = url
        self.progress = progress
        deadline = MonotonicTime.now.advanced(by: request.totalTimeout)
    }

    func note(_ error: GitError) {
        if firstError == nil { firstError = error }
    }

    func error(_ code: GitError.Code, _ message: String) -> GitError {
        GitError(code, "fetch", request.url, message)
    }

    func received(_ count: Int) throws(GitError) {
        receivedBytes += count
        try requireWithinLimit(receivedBytes)
    }

    func requireWithinLimit(_ bytes: Int) throws(GitError) {
        guard bytes <= request.receivedLimit else {
            throw error(
                .tooLarge, "the server sent more than \(request.receivedLimit) bytes")
        }
    }

    func requireTimeLeft() throws(GitError) {
        guard MonotonicTime.now < deadline else {
            throw error(.timeout, "it took longer than \(request.totalTimeout) in all")
        }
    }

    /// The fetch that runs on this thread. libgit2's stream constructors get a host and a port and
    /// nothing else.
    static var current: FetchSession? {
        guard let pointer = unsafe pthread_getspecific(currentKey) else { return nil }
        return unsafe Unmanaged<FetchSession>.fromOpaque(pointer).takeUnretainedValue()
    }

    /// Makes this the thread's fetch while `body` runs, and keeps it alive that long.
    func asCurrent<Result>(_ body: () throws(GitError) -> Result) throws(GitError) -> Result {
        guard Self.current == nil else { fatalError("one thread runs one fetch at a time") }
        unsafe pthread_setspecific(currentKey, Unmanaged.passUnretained(self).toOpaque())
        defer {
            pthread_setspecific(currentKey, nil)
            withExtendedLifetime(self) {}
        }
        return try body()
    }
}

private let currentKey: pthread_key_t = {
    var key = pthread_key_t()
    guard unsafe pthread_key_create(&key, nil) == 0 else {
        fatalError("the process has no thread-specific key left")
    }
    return key
}()

/// Time that only goes forward, whatever is done to the clock.
struct MonotonicTime: Comparable {
    private var nanoseconds: Int64

    static var now: MonotonicTime {
        var time = timespec()
        guard unsafe clock_gettime(CLOCK_MONOTONIC, &time) == 0 else {
            fatalError("the monotonic clock can always be read")
        }
        return MonotonicTime(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    func advanced(by duration: Duration) -> MonotonicTime {
        let (seconds, attoseconds) = duration.components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return MonotonicTime(nanoseconds: .max) }
        let (sum, tooFar) = nanoseconds.addingReportingOverflow(whole)
        return MonotonicTime(nanoseconds: tooFar ? .max : sum + attoseconds / 1_000_000_000)
    }

    /// Whole milliseconds from now, rounded up, for poll(2); 0 once it is past.
    var millisecondsLeft: Int32 {
        let left = nanoseconds - Self.now.nanoseconds
        guard left > 0 else { return 0 }
        return Int32(clamping: (left + 999_999) / 1_000_000)
    }

    static func < (left: MonotonicTime, right: MonotonicTime) -> Bool {
        left.nanoseconds < right.nanoseconds
    }
}
