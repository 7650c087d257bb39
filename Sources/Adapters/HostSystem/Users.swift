package import FleetModel
internal import Glibc

/// The users and groups that this machine knows.
package enum Users {
    /// The number of a user, by name or as decimal digits; nil where there is no such name.
    package static func lookUpUser(_ text: String) throws(SystemError) -> UInt32? {
        if let number = UInt32(text) { return number }
        return try account(named: text)?.owner.user
    }

    /// A user's own group, by the user's name or number; nil where there is no such user.
    package static func primaryGroup(of user: String) throws(SystemError) -> UInt32? {
        try account(named: user)?.owner.group
    }

    /// The number of a group, by name or as decimal digits; nil where there is no such name.
    package static func lookUpGroup(_ text: String) throws(SystemError) -> UInt32? {
        if let number = UInt32(text) { return number }
        var record = unsafe group()
        let isKnown = try unsafe lookUp(text) { buffer, count, found in
            unsafe getgrnam_r(text, &record, buffer, count, &found)
        }
        return isKnown ? unsafe record.gr_gid : nil
    }

    /// The numbers of an ownership. A name that the machine does not know is an error that says so.
    package static func lookUp(_ ownership: Ownership) throws(SystemError) -> FileOwner {
        guard let user = try lookUpUser(ownership.user) else {
            throw unknown("user", ownership.user)
        }
        guard let group = try lookUpGroup(ownership.group) else {
            throw unknown("group", ownership.group)
        }
        return FileOwner(user: user, group: group)
    }

    package static func effectiveUserID() -> UInt32 { geteuid() }

    /// A user with its own group, by name or number.
    static func account(named text: String) throws(SystemError) -> (name: String, owner: FileOwner)?
    {
        var record = unsafe passwd()
        let number = UInt32(text)
        var name = text
        let isKnown = try unsafe lookUp(text) { buffer, count, found in
            let code =

                if let number {
                    unsafe getpwuid_r(number, &record, buffer, count, &found)
                } else {
                    unsafe getpwnam_r(text, &record, buffer, count, &found)
                }
            if unsafe found != nil { name = unsafe String(cString: record.pw_name) }
            return code
        }
        guard isKnown else { return nil }
        return (name, unsafe FileOwner(user: record.pw_uid, group: record.pw_gid))
    }

    static func unknown(_ kind: String, _ name: String) -> SystemError {
        SystemError(
            operation: "find the \(kind)", path: name, code: ENOENT,
            advice: "create it on the device, or name one that it has")
    }

    /// Calls one of the `get..._r` functions with a growing buffer; whether it found something.
    @unsafe
    private static func lookUp<Record>(
        _ name: String,
        _ body: (UnsafeMutablePointer<CChar>, Int, inout UnsafeMutablePointer<Record>?) -> Int32
    ) throws(SystemError) -> Bool {
        var size = 4 << 10
        while true {
            var buffer = [CChar](repeating: 0, count: size)
            var isFound = false
            let code = unsafe buffer.withUnsafeMutableBufferPointer { pointer in
                guard let start = pointer.baseAddress else { return ENOMEM }
                var found: UnsafeMutablePointer<Record>?
                let code = unsafe body(start, size, &found)
                isFound = unsafe found != nil
                return code
            }
            if code == 0 || code == ENOENT { return isFound }
            if code != ERANGE || size >= 1 << 20 {
                throw SystemError(operation: "look up", path: name, code: code)
            }
            size *= 4
        }
    }
}
