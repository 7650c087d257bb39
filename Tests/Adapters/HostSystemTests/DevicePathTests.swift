import HostSystem
import Testing

@Suite struct DevicePathTests {
    @Test(
        "a relative link leads from its own folder to the target",
        arguments: [
            ("/etc/motd", "/var/lib/x", "../var/lib/x"), ("/a", "/b", "b"), ("/a/b", "/a/c", "c"),
            ("/a/b/c", "/a/b", "../b"), ("/a/b/c", "/a/d/e", "../d/e"),
        ])
    func relative(link: String, target: String, text: String) {
        #expect(DevicePath.relative(from: link, to: target) == text)
    }

    @Test("only whole names count as below")
    func below() {
        #expect(DevicePath.isAt("/etc/app/x", orBelow: "/etc/app"))
        #expect(DevicePath.isAt("/etc/app", orBelow: "/etc/app"))
        #expect(DevicePath.isAt("/etc", orBelow: "/"))
        #expect(!DevicePath.isAt("/etc/apple", orBelow: "/etc/app"))
        #expect(!DevicePath.isAt("/etc", orBelow: "/etc/app"))
    }

    @Test("parents and names")
    func parts() {
        #expect(DevicePath.parent(of: "/etc/motd") == "/etc")
        #expect(DevicePath.parent(of: "/etc") == "/" && DevicePath.parent(of: "/") == "/")
        #expect(DevicePath.name(of: "/etc/motd") == "motd")
        #expect(DevicePath.ancestors(of: "/a/b/c") == ["/", "/a", "/a/b"])
        #expect(DevicePath.ancestors(of: "/") == [])
    }

    @Test(
        "what is not normalised is told",
        arguments: ["", "a", "/a/", "//", "/a//b", "/./a", "/a/..", "/a\0b"])
    func notNormalised(path: String) {
        #expect(!DevicePath.isNormalised(path))
    }
}
