internal import CLinux

/// For libraries that open files which nobody wants.
package enum DescriptorFamine {
    /// Runs `body` while the process can open nothing. It must have one thread only, for the limit is
    /// the whole process'. Where the limit can't be lowered, `body` runs all the same.
    package static func during(_ body: () -> Void) {
        var before: UInt64 = 0
        let isLowered =
            unsafe flotilla_change_soft_limit(flotilla_limit_descriptors, 0, &before) == 0
        body()
        guard isLowered else { return }
        var zero: UInt64 = 0
        guard
            unsafe flotilla_change_soft_limit(flotilla_limit_descriptors, before, &zero) == 0
        else { fatalError("a soft limit can be raised to what it was") }
    }
}
