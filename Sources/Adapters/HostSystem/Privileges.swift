internal import CLinux
internal import Glibc

/// What this process may do.
package enum Privileges {
    /// Becomes an ordinary user for good: groups, group and user, each also as the saved one, no
    /// way back, no new rights by a set-user-ID program, and no look into its memory by others of
    /// that user.
    package static func drop(to user: String) throws(SystemError) {
        guard let account = try Users.account(named: user) else {
            throw Users.unknown("user", user)
        }
        let (name, owner) = account
        guard owner.user != 0 else {
            throw SystemError(
                operation: "become", path: user, code: EINVAL,
                advice: "name an ordinary user, not root")
        }
        try systemCall("take the groups of", user) { unsafe initgroups(name, owner.group) }
        try systemCall("take the group of", user) {
            setresgid(owner.group, owner.group, owner.group)
        }
        try systemCall("become", user) { setresuid(owner.user, owner.user, owner.user) }
        try systemCall("give up new rights as", user) {
            flotilla_prctl(PR_SET_NO_NEW_PRIVS, 1)
        }
        try systemCall("hide the memory of", user) { flotilla_prctl(PR_SET_DUMPABLE, 0) }
        guard !canReturn(from: owner) else {
            fatalError("root's rights can still be taken back after they were given up")
        }
    }

    private static func canReturn(from owner: FileOwner) -> Bool {
        setresuid(0, 0, 0) == 0 || setresgid(0, 0, 0) == 0 || geteuid() != owner.user
            || getuid() != owner.user || getegid() != owner.group || getgid() != owner.group
    }
}
