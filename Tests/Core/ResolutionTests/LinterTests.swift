import Documents
import FleetModel
import Resolution
import Testing

@Suite struct LinterTests {
    @Test("a fleet that is right has no findings, and is counted")
    func clean() {
        let report = Harbour.lint(Harbour.tree())
        #expect(report == LintReport(devices: 1, bundles: 1, files: 1))
    }

    @Test("a file that no device would find is told, with the place where it belongs")
    func deviceFiles() {
        let shard = FleetLayout.shard(of: Harbour.gateway.id)
        let report = Harbour.lint(
            Harbour.tree([
                "devices/zz/gw-1.yaml": "labels: {}\n", "devices/gw-2.yaml": "labels: {}\n",
                "devices/00/Gateway.yaml": "labels: {}\n", "devices/00/notes.txt": "x",
                "devices/README.md": "for people",
            ]))
        let findings = report.diagnostics(.error).map { "\($0.place): \($0.fix)" }
        #expect(findings.contains("devices/zz/gw-1.yaml: Move it to `devices/\(shard)/gw-1.yaml`."))
        #expect(
            findings.contains { $0.hasPrefix("devices/gw-2.yaml: Move it to `devices/") })
        #expect(findings.contains { $0.hasPrefix("devices/00/Gateway.yaml: An id is 1 to 63") })
        #expect(findings.contains { $0.hasPrefix("devices/00/notes.txt: An id is") })
        #expect(report.devices == 1)
    }

    @Test("nobody who may sign, or no file of signers, is an error")
    func signers() {
        for signers: MemoryTree.Thing? in [nil, "# nobody yet\n\n", .link] {
            let report = Harbour.lint(Harbour.tree(["trust/allowed_signers": signers]))
            #expect(report.diagnostics(.error).map(\.file) == ["trust/allowed_signers"])
        }
        let report = Harbour.lint(Harbour.tree(["trust/policy.yaml": "approvals: ["]))
        #expect(report.diagnostics(.error).map(\.file) == ["trust/policy.yaml"])
    }

    @Test("a bundle's folder without a manifest, and what is no bundle, are errors")
    func bundleFolders() {
        let report = Harbour.lint(
            Harbour.tree([
                "bundles/empty/files/a": "x", "bundles/Big/bundle.yaml": "match: never\n",
                "bundles/stray.yaml": "x", "bundles/link": .link,
            ]))
        #expect(
            report.diagnostics(.error).map(\.file) == [
                "bundles/Big", "bundles/empty", "bundles/link", "bundles/stray.yaml",
            ])
    }

    @Test("groups are named after a label that some device has")
    func groups() {
        let report = Harbour.lint(
            Harbour.tree([
                "groups/berlin.yaml": "vars: {}\n", "groups/site=hamburg.yaml": "vars: {}\n",
                "groups/arch=arm64.yaml": "vars: {}\n",
                "groups/example.com/rack=7.yaml": "vars: {}\n",
            ]))
        #expect(report.diagnostics(.error).map(\.file) == ["groups/berlin.yaml"])
        #expect(
            report.diagnostics(.warning).map(\.file) == [
                "groups/example.com/rack=7.yaml", "groups/site=hamburg.yaml",
            ])
    }

    @Test("files that nobody uses, misspelt folders and names that differ in case are mentioned")
    func remarks() {
        let report = Harbour.lint(
            Harbour.tree([
                "bundles/web/files/old.conf": "x", "bundles/web/README.md": "x",
                "bundles/web/files/Old.conf": "x", "bundle/x": "x", "docs/a.md": "x",
            ]))
        #expect(report.diagnostics(.error).isEmpty)
        #expect(
            report.diagnostics(.note).map(\.file) == [
                "bundles/web/files/Old.conf", "bundles/web/files/old.conf",
            ])
        #expect(
            report.diagnostics(.warning).map(\.file) == ["bundle", "bundles/web/files/old.conf"])
    }

    @Test("a bundle that no device of the repository matches is checked as well")
    func unmatched() {
        let report = Harbour.lint(
            Harbour.tree([
                "bundles/kiosk/bundle.yaml": """
                match: role=kiosk
                files:
                  - {source: files/nowhere, path: /etc/a}
                  - {source: files/t, path: /etc/b, template: true, when: site=mars}
                """,
                "bundles/kiosk/files/t": "{{ city }} {{ label.site }} {{ label.arch }} {{ cty }}",
            ]))
        #expect(
            report.diagnostics(.error).map(\.place) == [
                "bundles/kiosk/bundle.yaml:3:14", "bundles/kiosk/files/t:1:46",
            ])
    }

    @Test("a name that one device lacks is told with the device")
    func lackingDevice() {
        let shard = FleetLayout.shard(of: Harbour.device("gw-2").id)
        let report = Harbour.lint(
            Harbour.tree([
                "bundles/web/files/site.conf": "{{ city }}",
                "devices/\(shard)/gw-2.yaml": "labels: {role: gateway, site: potsdam}\n",
            ]))
        #expect(report.diagnostics(.error).map(\.place) == ["bundles/web/files/site.conf:1:1"])
        #expect(
            report.diagnostics(.error).map(\.message)
                == ["the template's `city` is not known (on the device `gw-2`)"])
    }

    @Test("what comes from labels that lint can't know is taken as known")
    func unknownLabels() {
        let shard = FleetLayout.shard(of: Harbour.device("gw-2").id)
        let report = Harbour.lint(
            Harbour.tree([
                "bundles/web/files/site.conf": "{{ city }} {{ label.site }} {{ label.board }}",
                // Its site is local to the device.
                "devices/\(shard)/gw-2.yaml": "labels: {role: gateway}\n",
            ]))
        #expect(report.findings.isEmpty)
    }

    private func claiming(_ first: String, _ second: String) -> LintReport {
        Harbour.lint(
            Harbour.tree([
                "bundles/a/bundle.yaml": .file(
                    Array("match: \(first)\nfiles: [{source: f, path: /etc/x}]\n".utf8)),
                "bundles/a/f": "a",
                "bundles/b/bundle.yaml": .file(
                    Array("match: \(second)\nfiles: [{source: f, path: /etc/x}]\n".utf8)),
                "bundles/b/f": "b",
            ]))
    }

    @Test("two bundles that could meet on a device of local labels are an error")
    func overlaps() {
        for (first, second, device) in [
            ("''", "''", "(on the device `gw-1`)"),
            ("role=kiosk", "site=potsdam", "(on a device with `role=kiosk, site=potsdam`)"),
            ("role in (kiosk)", "'!site'", "(on a device with `role=kiosk`)"),
            ("os.id=debian", "role=kiosk", "(on a device with `os.id=debian, role=kiosk`)"),
        ] {
            let report = claiming(first, second)
            #expect(report.diagnostics(.error).map(\.place) == ["bundles/b/bundle.yaml:2:27"])
            #expect(
                report.diagnostics(.error).first?.message.hasSuffix(device) == true,
                "\(report.findings)")
        }
    }

    @Test("two bundles that could meet if somebody added a device are a warning")
    func possibleOverlaps() {
        let report = claiming("rack=7", "role=kiosk")
        #expect(report.diagnostics(.error).isEmpty)
        #expect(report.diagnostics(.warning).map(\.place) == ["bundles/b/bundle.yaml:2:27"])
    }

    @Test(
        "two bundles that can't meet may claim the same path",
        arguments: [
            ("role=kiosk", "role=gateway"), ("role=kiosk", "role!=kiosk"),
            ("role in (kiosk, x)", "role in (gateway, y)"), ("rack", "'!rack'"),
            ("rack=7", "'!rack'"), ("site=berlin,role=kiosk", "site notin (berlin, x)"),
        ])
    func disjoint(first: String, second: String) {
        #expect(claiming(first, second).findings.isEmpty)
    }

    @Test("a trigger that no bundle manages is mentioned")
    func triggers() {
        let report = Harbour.lint(
            Harbour.tree([
                "bundles/unit/bundle.yaml": """
                match: role=gateway
                units:
                  - {name: a.service, restart-on: [/etc/nginx, /etc/ngnix], reload-on: [/etc/nginx/site.conf]}
                """
            ]))
        #expect(report.diagnostics(.warning).map(\.place) == ["bundles/unit/bundle.yaml:3:12"])
        #expect(report.findings.first?.diagnostic.message.contains("/etc/ngnix") == true)
    }

    @Test("units that wait for each other on one device are an error that names the circle")
    func unitCircles() {
        func findings(_ first: String, _ second: String) -> [String] {
            let one = "match: \(first)\nunits: [{name: a.service, after: [b.service]}]\n"
            let two = "match: \(second)\nunits: [{name: b.service, after: [a.service]}]\n"
            return Harbour.lint(
                Harbour.tree([
                    "bundles/one/bundle.yaml": .file(Array(one.utf8)),
                    "bundles/two/bundle.yaml": .file(Array(two.utf8)),
                ])
            ).diagnostics(.error).map(\.message)
        }
        let circle =
            "units wait for each other: `a.service` after `b.service` after `a.service`"
        #expect(findings("role=gateway", "site=berlin") == [circle])
        // No device is both.
        #expect(findings("role=gateway", "role=kiosk") == [])
    }

    @Test("a unit that comes after one that no bundle names is mentioned")
    func unknownUnit() {
        let report = Harbour.lint(
            Harbour.tree([
                "bundles/one/bundle.yaml":
                    "match: role=gateway\nunits: [{name: a.service, after: [z.service]}]\n"
            ]))
        #expect(report.diagnostics(.error).isEmpty)
        #expect(report.diagnostics(.warning).contains { $0.message.contains("`z.service`") })
    }
}
