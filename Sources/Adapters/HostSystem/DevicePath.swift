internal import FleetModel

/// Absolute paths of a device as text: `/etc/motd`.
package enum DevicePath {
    /// Whether a path is the root folder, or absolute and normalised, with names that the kernel
    /// takes.
    package static func isNormalised(_ path: String) -> Bool {
        path == "/" || isAbsolutePath(path) && hasShortNames(path)
    }

    private static func hasShortNames(_ path: String) -> Bool {
        if path.utf8.count <= 255 { return true }
        var length = 0
        for byte in path.utf8 {
            length = byte == UInt8(ascii: "/") ? 0 : length + 1
            if length > 255 { return false }
        }
        return true
    }

    /// `["etc", "motd"]`
    package static func names(of path: String) -> [Substring] {
        path == "/" ? [] : path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    }

    /// The folder that holds a path; of `/` it is `/` itself.
    package static func parent(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash > path.startIndex
        else { return "/" }
        return String(path[..<slash])
    }

    package static func name(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "" }
        return String(path[path.utf8.index(after: slash)...])
    }

    package static func join(_ folder: String, _ name: some StringProtocol) -> String {
        folder == "/" ? "/\(name)" : "\(folder)/\(name)"
    }

    /// Every folder above a path, from `/` downwards.
    package static func ancestors(of path: String) -> [String] {
        var folders: [String] = []
        var folder = path
        while folder != "/" {
            folder = parent(of: folder)
            folders.append(folder)
        }
        return folders.reversed()
    }

    /// Whether `path` is `folder` or stands below it.
    package static func isAt(_ path: String, orBelow folder: String) -> Bool {
        folder == "/" || path == folder
            || (path.utf8.count > folder.utf8.count && path.utf8.starts(with: folder.utf8)
                && path.utf8.dropFirst(folder.utf8.count).first == UInt8(ascii: "/"))
    }

    /// The text of a relative link at `link` that leads to `target`: `../var/lib/x`.
    package static func relative(from link: String, to target: String) -> String {
        var up = names(of: parent(of: link))[...]
        var down = names(of: target)[...]
        while let first = up.first, first == down.first, down.count > 1 {
            up.removeFirst()
            down.removeFirst()
        }
        return (up.map { _ in ".." } + down.map(String.init)).joined(separator: "/")
    }
}
