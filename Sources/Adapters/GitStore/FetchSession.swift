internal import CGit2
internal import FleetModel
internal import Glibc
internal import HostSystem
internal import NetworkStreams

/// One fetch while it runs: its bounds, its counters, and the first thing that went wrong. libgit2's
/// callbacks and streams meet here; all of them run on the thread that fetches.
final class FetchSession {
    let request: FetchRequest
    let url: RemoteURL
    let progress: (FetchProgress) -> Bool
    let deadline: Instant
    private(set) var receivedBytes = 0
    /// The cause. What follows from it (a stream that ended, a header that is cut) hides it in
    /// libgit2's own message.
    private(set) var firstError: GitError?
    var credentialsAsked = 0

    init(_ request: FetchRequest, _ url: RemoteURL, progress: @escaping (FetchProgress) -> Bool) {
        self.request = request
        self.url = url
        self.progress = progress
        deadline = Clocks.monotonic() + request.totalTimeout
    }

    func note(_ error: GitError) {
        if firstError == nil { firstError = error }
    }

    func error(_ code: GitError.Code, _ message: String) -> GitError {
        GitError(code, "fetch", request.url, message)
    }

    /// What one connection of this fetch may still cost.
    var bounds: StreamBounds {
        var bounds = StreamBounds(deadline: deadline)
        bounds.idleTimeout = request.idleTimeout
        bounds.receivedLimit = request.receivedLimit - receivedBytes
        return bounds
    }

    func received(_ count: Int) { receivedBytes += count }

    func requireWithinLimit(_ bytes: Int) throws(GitError) {
        guard bytes <= request.receivedLimit else {
            throw error(
                .tooLarge, "the server sent more than \(request.receivedLimit) bytes")
        }
    }

    func requireTimeLeft() throws(GitError) {
        guard Clocks.monotonic() < deadline else {
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
