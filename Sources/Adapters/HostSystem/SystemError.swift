internal import Glibc

/// A call to the kernel that failed: what was asked, of which path, and the kernel's reason.
package struct SystemError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A verb for people: "rename", "read".
    package var operation: String
    /// The path as the caller named it, or another name of what the call was about.
    package var path: String
    /// The kernel's `errno`.
    package var code: Int32
    /// What else there is to know, and what to do about it.
    package var advice: String?

    package init(operation: String, path: String, code: Int32, advice: String? = nil) {
        self.operation = operation
        self.path = path
        self.code = code
        self.advice = advice
    }

    /// `cannot rename /etc/motd: No such file or directory`, and the advice behind it.
    package var description: String {
        let sentence = "cannot \(operation) \(path): \(Self.text(of: code))"
        return advice.map { "\(sentence); \($0)" } ?? sentence
    }

    /// That the file system of `path` has no room, found before anything was written.
    package static func full(
        _ operation: String, _ path: String, advice: String
    ) -> SystemError {
        SystemError(operation: operation, path: path, code: ENOSPC, advice: advice)
    }

    /// Nothing stands at the path.
    package var isMissing: Bool { code == ENOENT || code == ENOTDIR }
    package var isAlreadyThere: Bool { code == EEXIST || code == ENOTEMPTY }
    /// The file system or a quota has no room left.
    package var isFull: Bool { code == ENOSPC || code == EDQUOT }
    package var isReadOnly: Bool { code == EROFS }
    /// A parent folder is a symbolic link, which managed paths never follow.
    package var isSymbolicLink: Bool { code == ELOOP }
    /// More bytes or entries than the caller allowed.
    package var isTooLarge: Bool { code == EFBIG || code == EOVERFLOW }

    /// Two names can't change places here: an overlay's lower folder, a mount point, a file system
    /// or a kernel without it.
    package var isExchangeRefused: Bool {
        [EXDEV, EINVAL, ENOSYS, EOPNOTSUPP, EBUSY].contains(code)
    }
    /// A second name can't be given to this file: it is locked, has too many, or lies elsewhere.
    package var isLinkRefused: Bool { [EPERM, EMLINK, EXDEV, EOPNOTSUPP].contains(code) }
    /// The file system keeps no attributes of this kind.
    package var isNotSupported: Bool { code == EOPNOTSUPP }

    static func text(of code: Int32) -> String {
        unsafe String(cString: strerror(code))
    }
}
