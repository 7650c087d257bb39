import Foundation
import TestSupport

/// A terminal without a screen: what a program writes to it can be read.
final class PseudoTerminal {
    /// Where a program finds it.
    let path: String
    private let descriptor: Int32
    private var bytes: [UInt8] = []

    init(width: UInt16 = 80, height: UInt16 = 24) throws {
        descriptor = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var unlocked: Int32 = 0
        var number: UInt32 = 0
        // TIOCSPTLCK and TIOCGPTN, which the C library's module leaves out.
        guard descriptor >= 0, ioctl(descriptor, 0x4004_5431, &unlocked) == 0,
            ioctl(descriptor, 0x8004_5430, &number) == 0
        else { throw POSIXError(.ENOTTY) }
        path = "/dev/pts/\(number)"
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
                    description:
                        "`\(expected)` never came, but \(String(text.suffix(200)).debugDescription)"
                )
            } else {
                usleep(10_000)
            }
        }
    }
}
