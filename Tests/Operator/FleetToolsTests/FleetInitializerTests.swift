import Documents
import FleetModel
import FleetTools
import Foundation
import ReleaseTrust
import Resolution
import TestSupport
import Testing

@Suite struct FleetInitializerTests {
    private func refusal(_ request: FleetInitializer.Request) async throws -> OperatorError {
        do {
            _ = try await FleetInitializer(request).make()
        } catch {
            return error
        }
        throw ChildFailure(description: "the fleet was made")
    }

    @Test("a new fleet lints, verifies, and is signed so that Git itself agrees")
    func works() async throws {
        try await withTemporaryFolder { folder in
            let fleet = try await TestFleet(in: folder)
            let tree = WorkingFolder(path: fleet.folder.path)
            #expect(try FleetLint(tree, subject: "fleet").report.findings.isEmpty)
            let audit = try await fleet.audit()
            #expect(audit.refusal == nil && audit.verdict.headSignerStillTrusted)
            try fleet.git("verify-commit", "main")
            #expect(
                try fleet.git("rev-parse", "main^{tree}") == fleet.git("rev-parse", "draft^{tree}"))
            #expect(try fleet.git("status", "--porcelain").isEmpty)
            #expect(try fleet.git("symbolic-ref", "--short", "HEAD") == "draft")
        }
    }

    @Test("the anchor that it writes is that of the first release")
    func anchor() async throws {
        try await withTemporaryFolder { folder in
            let fleet = try await TestFleet(in: folder)
            let anchor = try TrustAnchor(file: fleet.made.anchorPath)
            #expect(try anchor.release.text == fleet.git("rev-parse", "main"))
            #expect(anchor.channel.description == "fleet/main")
        }
    }

    @Test("who begins a fleet may sign commits, releases and commands, and nothing else")
    func namespaces() async throws {
        try await withTemporaryFolder { folder in
            let fleet = try await TestFleet(in: folder)
            let signers = try AllowedSigners(
                text: fleet.read("trust/allowed_signers"), file: "allowed_signers")
            let signer = try #require(signers.signers.first)
            #expect(signers.signers.count == 1)
            for (namespace, isAllowed) in [
                ("git", true), ("flotilla-release", true), ("flotilla-command", true),
                ("flotilla-order", false), ("flotilla-ack", false),
            ] {
                #expect(signer.admits(namespace: namespace) == isAllowed, "\(namespace)")
            }
        }
    }

    @Test("the private key is outside the repository and for its owner alone")
    func key() async throws {
        try await withTemporaryFolder { folder in
            let fleet = try await TestFleet(in: folder)
            #expect(fleet.made.isKeyNew)
            let attributes = try FileManager.default.attributesOfItem(atPath: fleet.made.keyPath)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            var inside = FleetInitializer.Request(folder: folder.path + "/other")
            inside.key = folder.path + "/other/key"
            #expect(try await refusal(inside).status == .usage)
        }
    }

    @Test("without --key the key goes below the configuration folder, and is never taken twice")
    func defaultKey() async throws {
        try await withTemporaryFolder { folder in
            let environment = ["XDG_CONFIG_HOME": folder.path + "/configuration"]
            let first = FleetInitializer.Request(folder: folder.path + "/one/fleet")
            let made = try await FleetInitializer(first, environment: environment).make()
            #expect(made.keyPath == folder.path + "/configuration/flotilla/keys/fleet")
            let second = FleetInitializer.Request(folder: folder.path + "/two/fleet")
            await #expect(throws: OperatorError.self) {
                try await FleetInitializer(second, environment: environment).make()
            }
            #expect(!FileManager.default.fileExists(atPath: folder.path + "/two/fleet"))
        }
    }

    @Test("a key that exists is used as it is")
    func existingKey() async throws {
        try await withTemporaryFolder { folder in
            let key = try TestKey("mine", in: folder)
            let before = try Data(contentsOf: URL(fileURLWithPath: key.path))
            var request = FleetInitializer.Request(folder: folder.path + "/fleet")
            request.key = key.path
            let made = try await FleetInitializer(request).make()
            #expect(!made.isKeyNew)
            #expect(try Data(contentsOf: URL(fileURLWithPath: key.path)) == before)
        }
    }

    @Test("nothing that exists is overwritten")
    func overwritesNothing() async throws {
        try await withTemporaryFolder { folder in
            for (name, file) in [("full", "full/note"), ("anchored", "anchored.anchor")] {
                let path = folder.appendingPathComponent(file)
                try FileManager.default.createDirectory(
                    at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data("mine".utf8).write(to: path)
                var request = FleetInitializer.Request(folder: "\(folder.path)/\(name)")
                request.key = "\(folder.path)/key-\(name)"
                #expect(try await refusal(request).status == .refused)
                #expect(try String(contentsOf: path, encoding: .utf8) == "mine")
                #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/key-\(name)"))
            }
        }
    }

    @Test("when it fails half-way nothing is left behind")
    func failure() async throws {
        try await withTemporaryFolder { folder in
            // The public half is there, the private one is gone: signing fails.
            let key = try TestKey("lost", in: folder)
            try FileManager.default.removeItem(atPath: key.path)
            var request = FleetInitializer.Request(folder: folder.path + "/fleet")
            request.key = key.path
            #expect(try await refusal(request).status == .environment)
            let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            #expect(left == ["lost.pub"])
        }
    }

    @Test("a key that devices can't verify is refused before anything is made")
    func otherKind() async throws {
        try await withTemporaryFolder { folder in
            let key = try TestKey("rsa", in: folder, kind: ["rsa", "-b", "2048"])
            var request = FleetInitializer.Request(folder: folder.path + "/fleet")
            request.key = key.path
            #expect(try await refusal(request).status == .refused)
            #expect(!FileManager.default.fileExists(atPath: request.folder))
        }
    }
}
