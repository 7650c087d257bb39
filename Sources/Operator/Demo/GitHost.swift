internal import Foundation

/// The fleet repository over HTTP as a small team would serve it: Debian's lighttpd with Git's own
/// http-backend.
package final class GitHost {
    package let port: Int
    private let process: Background

    package var url: String { "http://127.0.0.1:\(port)/git/fleet.git" }
    package var pid: Int32 { process.pid }

    /// Serves what stands in the world's folder, on this port or on a free one.
    package init(_ folder: WorldFolder, _ watchman: Watchman, port wanted: Int? = nil) throws {
        for _ in 0..<5 {
            let port = try wanted ?? Loopback.freePort()
            let configuration = folder.server + "/lighttpd.conf"
            try WorldFolder.write(
                Self.configuration(port, folder).utf8, to: configuration)
            let process = try Background(
                "the Git server", "/usr/sbin/lighttpd", ["-D", "-f", configuration],
                log: folder.server + "/log", watchman)
            // Another process may have been faster at the port.
            _ = try watchman.wait(atMost: .seconds(20)) {
                process.status != nil || Loopback.accepts(port)
            }
            if process.status == nil {
                self.port = port
                self.process = process
                return
            }
        }
        throw DemoError("lighttpd does not start; see \(folder.server)/log")
    }

    package func end() throws { try process.end() }

    func outliveTheDemo() { process.outliveTheDemo() }

    private static func configuration(_ port: Int, _ folder: WorldFolder) -> String {
        """
        server.modules = ("mod_alias", "mod_setenv", "mod_cgi")
        server.document-root = "\(folder.served)"
        server.bind = "127.0.0.1"
        server.port = \(port)
        server.errorlog = "\(folder.server)/errors"
        alias.url = ("/git" => "/usr/lib/git-core/git-http-backend")
        $HTTP["url"] =~ "^/git" {
            cgi.assign = ("" => "")
            setenv.set-environment = (
                "GIT_PROJECT_ROOT" => "\(folder.served)", "GIT_HTTP_EXPORT_ALL" => "1",
                "GIT_CONFIG_NOSYSTEM" => "1", "HOME" => "/nonexistent",
                "GIT_CONFIG_COUNT" => "1", "GIT_CONFIG_KEY_0" => "safe.directory",
                "GIT_CONFIG_VALUE_0" => "*")
        }

        """
    }
}
