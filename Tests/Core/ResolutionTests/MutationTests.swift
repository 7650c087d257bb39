import FleetModel
import Resolution
import TestSupport
import Testing

@Suite struct MutationTests {
    /// A bundle with every key.
    private static let bundle = """
        match: role=gateway, site in (berlin, potsdam)
        needs: {agent: ">=0.1, <9"}
        drift: report
        files:
          - {source: files/site.conf, path: /etc/nginx/site.conf, mode: 0640, owner: root:adm}
          - {source: files/site.conf, path: /etc/b, template: true, placement: link, when: "!x"}
        directories:
          - {path: /opt/app, source: files, mode: 0750}
        units:
          - {name: a.service, enabled: true, state: running, restart-on: [/etc/nginx]}
        check:
          - {command: [/bin/true, "{{stage}}"], timeout: 3s}
        health:
          settle: 1s
          deadline: 9s
          checks:
            - {name: a, file: {path: /etc/b, contains: x}}
            - {name: b, http: {url: "http://localhost/"}}
            - {name: c, tcp: {host: localhost, port: 80}}
        """

    @Test("whatever is damaged, what a device refuses lint refuses too", arguments: 0..<8)
    func lintFindsWhatDevicesRefuse(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let things = Harbour.tree([Harbour.bundle: .file(Array(Self.bundle.utf8))])
        #expect(Harbour.lint(things).findings.isEmpty)
        var refused = 0
        let files = Harbour.things.keys.sorted()
        for _ in 0..<60 {
            let file = files[Int.random(in: files.indices, using: &generator)]
            let original = try #require(try things.contents(of: file, limit: 1 << 20))
            let damaged = mutated(original, using: &generator)
            var tree = things
            tree.put(.file(damaged), at: file)
            let report = Harbour.lint(tree)
            do throws(ResolutionError) {
                _ = try Harbour.resolve(tree)
            } catch {
                refused += 1
                #expect(
                    report.hasErrors,
                    "seed \(seed), \(file): \(String(decoding: damaged, as: UTF8.self)): \(error)")
            }
        }
        #expect(refused > 5, "the damage must hit something")
    }
}
