import Foundation
import TestSupport

/// A terminal without a screen: what a program writes to it can be read.
final class PseudoTerminal {
    /// Where a program finds it.
    let path: String
    private let descriptor: Int32
    private var bytes: [UInt8] = []

    init(width: UInt16 = 80, height: UInt16 = 24) throws {
        descriptor = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard descriptor >= 0, grantpt(descriptor) == 0, unlockpt(descriptor) == 0,
            let name = ptsname(descriptor)
        else { throw POSIXError(.ENOTTY) }
        path = String(cString: name)
        var size = winsize(ws_row: height, ws_col: width, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(descriptor, UInt(TIOCSWINSZ), &size)
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    }

    deinit { close(descriptor) }

    /// What was written to it so far.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Reads until the text was written.
    func wait(for expected: String) throws {
        let deadline = Date().addingTimeInterval(20)
        while !text.contains(expected) {
            var buffer = [UInt8](repeating: 0, count: 4_096)
            let count = read(descriptor, &buffer, buffer.count)
            if count > 0 {
                bytes += buffer[..<count]
            } else if Date() > deadline {
                throw ChildFailure(
                    description: "`\(expected)` never came, but \(text.debugDescription)")
            } else {
                usleep(10_000)
            }
        }
    }
}
