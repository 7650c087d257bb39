import FleetModel
import Testing

@Suite struct PathTests {
    @Test(
        "a path outside the protected places may be managed",
        arguments: [
            "/etc/motd", "/etc/flotilla.conf", "/var/lib/flotilla2/x", "/device", "/a b/ä",
            "/..a/.b",
        ])
    func managed(path: String) throws {
        #expect(try ManagedPath(path).text == path)
    }

    @Test(
        "all others may not",
        arguments: [
            ("", 0), ("etc", 0), ("/", 0), ("//etc", 1), ("/etc/", 5), ("/etc/./x", 5),
            ("/etc/..", 5), ("/..", 1), ("/etc/\u{1}", 5), ("/a\nb", 2), ("/a\u{0}", 2),
            ("/proc", 0), ("/sys/x", 0), ("/dev/null", 0), ("/run/flotilla/x", 0),
            ("/var/run/flotilla", 0), ("/var/lib/flotilla", 0), ("/etc/flotilla/anchor", 0),
            ("/etc", 0), ("/var", 0), ("/var/lib", 0), ("/run", 0), ("/etc/.flotilla-x", 0),
            ("/etc\u{301}/../x", 7), ("/etc/\u{301}/..", 8),
        ])
    func refused(path: String, offset: Int) {
        let fault = #expect(throws: TextFault.self) { try ManagedPath(path) }
        #expect(fault?.offset == offset)
    }

    @Test("a directory may hold a protected place, for only its mode and owner are managed")
    func directories() throws {
        #expect(try ManagedPath("/etc", as: .directory).text == "/etc")
        #expect(throws: TextFault.self) { try ManagedPath("/etc/flotilla", as: .directory) }
    }

    @Test("long paths and long names are refused")
    func bounds() {
        let name = String(repeating: "n", count: Limits.nameBytes)
        #expect(throws: Never.self) { try ManagedPath("/" + name) }
        #expect(throws: TextFault.self) { try ManagedPath("/" + name + "n") }
        let long = String(repeating: "/n", count: Limits.pathBytes / 2)
        #expect(throws: Never.self) { try ManagedPath(long) }
        #expect(throws: TextFault.self) { try ManagedPath(long + "/n") }
    }

    @Test("a source stays inside its bundle", arguments: ["a", "files/a.conf", ".github/x", "git"])
    func source(path: String) throws {
        #expect(try RepositoryPath(path).text == path)
    }

    @Test(
        "and never leaves it",
        arguments: [
            "", "/a", "..", "a/..", "a/../b", ".", "a//b", "a/", ".git", "a/.Git/b", "GIT~1/x",
            "a\u{0}",
        ])
    func refusedSource(path: String) {
        #expect(throws: TextFault.self) { try RepositoryPath(path) }
    }

    @Test("the places in the repository follow from the names")
    func layout() throws {
        let id = try #require(DeviceID("gw-1"))
        let shard = FleetLayout.shard(of: id)
        #expect(shard == "f5", "as `printf gw-1 | sha256sum` says")
        #expect(FleetLayout.deviceFile(id) == "devices/\(shard)/gw-1.yaml")
        #expect(FleetLayout.groupFile(label: "site", value: "berlin") == "groups/site=berlin.yaml")
        #expect(
            FleetLayout.groupFile(label: "example.com/rack", value: "7")
                == "groups/example.com/rack=7.yaml")
        #expect(FleetLayout.bundleFile("web") == "bundles/web/bundle.yaml")
    }
}
