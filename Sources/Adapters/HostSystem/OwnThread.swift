internal import CLinux
internal import Glibc

/// A thread for work that blocks: a C library that waits, a loop of its own. It ends when its body
/// returns; who wants to know lets the body say so.
package enum OwnThread {
    /// `name` is what `top -H` shows, cut to 15 bytes.
    package static func start(
        _ name: String, _ body: @escaping @Sendable () -> Void
    ) throws(SystemError) {
        let start = unsafe Unmanaged.passRetained(ThreadStart(name: name, body: body))
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        defer { unsafe pthread_attr_destroy(&attributes) }
        unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        var thread = pthread_t()
        do throws(SystemError) {
            try numberedCall("start", "the thread \(name)") {
                unsafe pthread_create(&thread, &attributes, runThread, start.toOpaque())
            }
        } catch {
            unsafe start.release()
            throw error
        }
    }
}

/// What a new thread is given.
private final class ThreadStart: Sendable {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
        self.name = name
        self.body = body
    }
}

private func runThread(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context = unsafe context else { fatalError("a thread lost what it was to do") }
    let start = unsafe Unmanaged<ThreadStart>.fromOpaque(context).takeRetainedValue()
    // A name that is not set is missing in `top`, and nowhere else.
    _ = unsafe String(start.name.prefix(15)).withCString {
        flotilla_prctl(PR_SET_NAME, UInt(bitPattern: $0))
    }
    start.body()
    return nil
}
