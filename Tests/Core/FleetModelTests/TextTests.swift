import FleetModel
import Testing

@Suite struct TextTests {
    @Test("versions are ordered as semver.org says")
    func versions() throws {
        let order = [
            "0.9", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2",
            "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.1", "1.2", "1.10.0", "2",
        ]
        let versions = try order.map { try AgentVersion($0) }
        for (left, right) in zip(versions, versions.dropFirst()) {
            #expect(left < right && !(right < left), "\(left) \(right)")
        }
        #expect(try AgentVersion("1.4") == AgentVersion("1.4.0+build.7"))
        #expect(try AgentVersion("1.4-rc.1").description == "1.4.0-rc.1")
    }

    @Test(
        "anything else is no version",
        arguments: ["", "v1", "1.", "1.2.3.4", "1.x", "-1", "1.0-", "1.0-a..b", "9999999999", "1 "])
    func noVersion(text: String) {
        #expect(throws: TextFault.self) { try AgentVersion(text) }
    }

    @Test(
        "a requirement joins its bounds",
        arguments: [
            (">=1.4", "1.4.0", true), (">=1.4", "1.3.9", false), (">=1.4", "1.4.0-rc.1", false),
            (">1.4", "1.4.0", false), ("=1.4", "1.4.0", true), ("=1.4", "1.4.1", false),
            ("<2", "1.9", true), ("<=2", "2.0.0", true), (">=1.4, <2", "1.5", true),
            (" >= 1.4 , < 2 ", "2.0.0", false),
        ])
    func requirement(text: String, agent: String, isMet: Bool) throws {
        #expect(try AgentRequirement(text).isMet(by: AgentVersion(agent)) == isMet)
    }

    @Test(
        "what does not compare is refused at its place",
        arguments: [
            ("", 0), ("1.4", 0), ("~1", 0), (">=", 0), (">=1.4,", 6), (">=1, x", 5), ("=>1", 0),
        ])
    func noRequirement(text: String, offset: Int) {
        let fault = #expect(throws: TextFault.self) { try AgentRequirement(text) }
        #expect(fault?.offset == offset)
    }

    @Test("a mode is octal")
    func modes() throws {
        #expect(try FileMode.parse("0644") == 0o644)
        #expect(try FileMode.parse("755") == 0o755)
        #expect(try FileMode.parse("4755") == 0o4755)
        #expect(try FileMode.parse("07777") == 0o7777)
        for wrong in ["", "0", "64", "0688", "0o644", "10000", "17777", "u+x", "-755"] {
            #expect(throws: TextFault.self, "\(wrong)") { try FileMode.parse(wrong) }
        }
        #expect(FileMode.executable(0o644) == 0o755)
        #expect(FileMode.executable(0o600) == 0o700)
    }

    @Test("an owner is a user and a group, by name or number")
    func owners() throws {
        #expect(try Ownership("root") == .root)
        #expect(try Ownership("www-data:adm") == Ownership(user: "www-data", group: "adm"))
        #expect(try Ownership("1000:1000").description == "1000:1000")
        for wrong in ["", ":", "a:", ":a", "a:b:c", "a b", "-a", "4294967295", "ä"] {
            #expect(throws: TextFault.self, "\(wrong)") { try Ownership(wrong) }
        }
    }

    @Test("names of variables are identifiers")
    func variableNames() {
        for name in ["a", "_", "A_1"] { #expect(Variables.isName(name)) }
        for name in ["", "1a", "a-b", "a.b", "ä", "a b"] { #expect(!Variables.isName(name)) }
    }
}
