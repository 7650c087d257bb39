import AgentMachine
import DeviceRecords
import FleetModel
import Foundation
import HostSystem
import TestSupport
import Testing

@testable import Staging

@Suite(.enabled(if: geteuid() == 0, "files are given to root")) struct GenerationStageTests {
    @Test("Files that somebody edited are staged again, without a network, and can be put right")
    func heal() throws {
        try withFleet { fleet in
            try fleet.apply()
            try fleet.root.removeTree(StateLayout.incoming)
            let edited = Array("edited\n".utf8)
            try fleet.root.replaceFile("/etc/web/site.conf", with: edited, mode: 0o644)
            try fleet.root.unlink("/etc/web/plain")
            let move = Move(
                .heal, from: 1, to: 1, paths: ["/etc/web/plain", "/etc/web/site.conf"])
            try fleet.restage(move)
            #expect(
                try fleet.stagedTexts(1) == [
                    "/etc/web/site.conf": "# gw-1\n", "/etc/web/plain": "plain\n",
                ])
            #expect(try fleet.text("/etc/web/site.conf") == "edited\n")
            try fleet.flip(move)
            #expect(try fleet.text("/etc/web/site.conf") == "# gw-1\n")
            #expect(try fleet.text("/etc/web/plain") == "plain\n")
        }
    }

    @Test("A heal of one path leaves another one that was edited as it is")
    func healOnePath() throws {
        try withFleet { fleet in
            try fleet.apply()
            let edited = Array("edited\n".utf8)
            for path in ["/etc/web/site.conf", "/etc/web/plain"] {
                try fleet.root.replaceFile(path, with: edited, mode: 0o640)
            }
            try fleet.restage(Move(.heal, from: 1, to: 1, paths: ["/etc/web/plain"]))
            #expect(try fleet.stagedTexts(1) == ["/etc/web/plain": "plain\n"])
        }
    }

    @Test("The generation before is made again from the device's own object store")
    func goBack() throws {
        try withFleet { fleet in
            try fleet.apply()
            try fleet.repository.write("bundles/web/files/plain", "new\n")
            try fleet.release("New", at: 1)
            #expect(try fleet.apply() == 2)
            #expect(try fleet.text("/etc/web/plain") == "new\n")
            try fleet.root.removeTree(StateLayout.incoming)
            let move = Move(.goBack, from: 2, to: 1, reason: "sick")
            try fleet.restage(move)
            // Twice is as good as once.
            try fleet.restage(move)
            #expect(try fleet.stagedTexts(1) == ["/etc/web/plain": "plain\n"])
            try fleet.flip(move)
            #expect(try fleet.text("/etc/web/plain") == "plain\n")
            #expect(try fleet.store.currentGeneration() == 1)
        }
    }

    @Test("A lost object store is filled again by the next fetch")
    func lostStore() throws {
        try withFleet { fleet in
            try fleet.apply()
            try fleet.root.removeTree(StateLayout.repository)
            let outcome = try fleet.fetchAndStage()
            #expect(outcome == StageOutcome(verdict: .upToDate(fleet.first), refusal: nil))
            try fleet.root.unlink("/etc/web/plain")
            let move = Move(.heal, from: 1, to: 1, paths: ["/etc/web/plain"])
            try fleet.restage(move)
            try fleet.flip(move)
            #expect(try fleet.text("/etc/web/plain") == "plain\n")
        }
    }

    @Test("A generation whose record or content is lost is an error that names it")
    func lost() throws {
        try withFleet { fleet in
            try fleet.apply()
            let unknown = #expect(throws: StagingError.self) {
                try fleet.restage(Move(.goBack, from: 1, to: 9, reason: "sick"))
            }
            #expect(unknown?.code == .record)
            #expect(unknown?.description.contains("generation 9") == true)
            try fleet.root.unlink("/etc/web/plain")
            try fleet.root.removeTree(StateLayout.repository)
            let empty = #expect(throws: StagingError.self) {
                try fleet.restage(Move(.heal, from: 1, to: 1, paths: ["/etc/web/plain"]))
            }
            #expect(empty?.code == .disk)
            #expect(empty?.description.contains("/etc/web/plain") == true)
        }
    }
}
