import DeviceRecords
import Foundation
import HostSystem
import TestSupport
import Testing

@testable import ResidentAgent

/// The real program when the machine, its disk or its people are against it.
@Suite struct AgentHardTimesTests {
    @Test("a full disk is waited out: nothing is lost, nothing is overtaken, and nothing spins")
    func fullDisk() throws {
        try withTemporaryFolder { folder in
            let bench = try AgentBench(in: folder)
            try bench.script(
                """
                ulimit -S -f unlimited
                case $1 in
                fetch) fetched ;;
                stage) touch "$DEVICE/staged"; rejected ;;
                esac
                """)
            // A process that may write no byte to a file: as if the disk were full.
            let agent = try bench.startAgent(setup: "trap '' XFSZ; ulimit -S -f 0")
            #expect(waits { bench.text("/staged") != nil })
            // Its log is a file too, so nothing tells that it has tried, but time.
            let before = agent.ticks()
            usleep(1_500_000)
            #expect(agent.ticks() - before < 50)
            #expect(agent.process.isRunning)
            #expect(bench.text(StateLayout.ledger)?.contains("rejected") != true)
            let pid = String(agent.process.processIdentifier)
            try run("prlimit", ["--pid", pid, "--fsize=unlimited:unlimited"])
            #expect(waits { bench.text(StateLayout.ledger)?.contains("rejected") == true })
            agent.send(SIGTERM)
            #expect(agent.end() == 0)
        }
    }

    @Test("a root that is named from where the agent was started is the same for its workers")
    func relativeRoot() throws {
        try withTemporaryFolder { folder in
            let bench = try AgentBench(in: folder)
            try bench.script(
                """
                while [ $# -gt 0 ]; do
                    [ "$1" = --root ] && echo "$2" >> "$DEVICE/roots"
                    words="$words $1"
                    shift
                done
                case $words in
                *fetch*) fetched ;;
                *) rejected ;;
                esac
                """)
            for root in ["device", "../\(folder.lastPathComponent)/./device/"] {
                let result = try runChild([bench.agent, "sync", "--root", root], in: folder)
                #expect(result.status == AgentExit.notWell.rawValue, "\(result.complaint)")
            }
            let roots = Set(bench.text("/roots")?.split(separator: "\n").map(String.init) ?? [])
            #expect(roots == [folder.resolvingSymlinksInPath().path + "/device"])
            let missing = try runChild([bench.agent, "sync", "--root", "none"], in: folder)
            #expect(missing.status == AgentExit.broken.rawValue)
            #expect(missing.complaint.contains("none"))
        }
    }

    @Test("damaged records are moved aside with a loud word, and the device goes on")
    func damagedRecords() throws {
        try withTemporaryFolder { folder in
            let bench = try AgentBench(in: folder)
            try bench.script("case $1 in fetch) fetched ;; stage) rejected ;; esac")
            let records = [
                StateLayout.ledger, StateLayout.journal, StateLayout.trust, StateLayout.status,
            ]
            for path in records { try bench.write(path, "{\"format\": 77, \"x") }
            let result = try bench.runAgent(["sync"])
            #expect(result.status == AgentExit.notWell.rawValue, "\(result.complaint)")
            for path in records.dropLast() {
                #expect(bench.text(StateLayout.damaged(path)) == "{\"format\": 77, \"x")
                #expect(result.complaint.contains("it is now \(StateLayout.damaged(path))"))
            }
            let ledger = try #require(try bench.store.read(Ledger.self, at: StateLayout.ledger))
            #expect(ledger.outcomes.last?.kind == "rejected")
            #expect(try bench.store.read(LiveStatus.self, at: StateLayout.status) != nil)
            #expect(try bench.runAgent(["status"]).status == AgentExit.notWell.rawValue)
        }
    }

    @Test("a generation's record that is damaged stops no agent, and is named")
    func damagedGeneration() throws {
        try withTemporaryFolder { folder in
            let bench = try AgentBench(in: folder)
            try bench.script(
                "case $1 in fetch) fetched ;; stage) touch $DEVICE/staged; exit 1 ;; esac")
            let record = StateLayout.record(of: 1)
            try bench.write(record, "{")
            try bench.root.symbolicLink("generations/1", at: StateLayout.current)
            let agent = try bench.startAgent()
            #expect(waits { bench.text("/staged") != nil })
            #expect(waits { bench.logText().contains(record) })
            agent.send(SIGTERM)
            #expect(agent.end() == 0)
            let status = try bench.runAgent(["status"])
            #expect(status.status == AgentExit.broken.rawValue)
            #expect(status.complaint.contains(record))
        }
    }

    @Test("a link to no generation is waited for, and not taken for an empty device")
    func damagedCurrent() throws {
        try withTemporaryFolder { folder in
            let bench = try AgentBench(in: folder)
            try bench.script("case $1 in fetch) fetched ;; stage) rejected ;; esac")
            try bench.root.makeStateFolders()
            try bench.root.symbolicLink("somewhere", at: StateLayout.current)
            let agent = try bench.startAgent()
            #expect(waits { bench.logText().contains("which is no generation") })
            #expect(bench.text(StateLayout.ledger) == nil)
            try bench.root.unlink(StateLayout.current)
            #expect(waits { bench.text(StateLayout.ledger)?.contains("rejected") == true })
            agent.send(SIGTERM)
            #expect(agent.end() == 0)
        }
    }

    @Test("a worker that is missing is told, and tried again")
    func missingWorker() throws {
        try withTemporaryFolder { folder in
            let bench = try AgentBench(in: folder)
            let result = try bench.runAgent(["sync"])
            #expect(result.status == AgentExit.notWell.rawValue)
            #expect(result.complaint.contains("flotilla-worker"))
            try bench.script("case $1 in fetch) fetched ;; stage) rejected ;; esac")
            #expect(try bench.runAgent(["sync"]).text.contains("for the test"))
        }
    }

    @Test("there is one resident agent for a device; commands still get their turn")
    func twoAgents() throws {
        try withTemporaryFolder { folder in
            let bench = try AgentBench(in: folder)
            try bench.configure(fetchEvery: "1h")
            try bench.script("case $1 in fetch) fetched ;; stage) rejected ;; esac")
            let agent = try bench.startAgent()
            #expect(waits { bench.text(StateLayout.ledger)?.contains("rejected") == true })
            let second = try bench.runAgent(["run"])
            #expect(second.status == AgentExit.busy.rawValue)
            #expect(second.complaint.contains("another agent"))
            #expect(try bench.runAgent(["sync"]).status == AgentExit.notWell.rawValue)
            agent.send(SIGTERM)
            #expect(agent.end() == 0)
        }
    }

    @Test("a signal to end in the middle of a stage ends the worker too, and leaves a whole device")
    func terminatedWhileStaging() throws {
        try withTemporaryFolder { folder in
            let bench = try AgentBench(in: folder)
            try bench.script(
                """
                case $1 in
                fetch) fetched ;;
                stage) echo $$ > "$DEVICE/new"; mv "$DEVICE/new" "$DEVICE/staging"; exec sleep 300 ;;
                esac
                """)
            let agent = try bench.startAgent()
            #expect(waits { bench.text("/staging") != nil })
            let text = try #require(bench.text("/staging"))
            let worker = try #require(Int32(text.dropLast()))
            #expect(isAlive(worker))
            agent.send(SIGTERM)
            #expect(agent.end() == 0)
            #expect(!isAlive(worker))
            #expect(try bench.store.read(Journal.self, at: StateLayout.journal) == nil)
            let status = try #require(
                try bench.store.read(LiveStatus.self, at: StateLayout.status))
            #expect(status.phase == "stopped")
        }
    }

    @Test("a hang-up reads the configuration again; a wrong one changes nothing")
    func configurationAgain() throws {
        try withTemporaryFolder { folder in
            let bench = try AgentBench(in: folder)
            try bench.configure(fetchEvery: "1h")
            try bench.script(
                """
                case $1 in
                fetch) echo x >> "$DEVICE/fetches"; fetched ;;
                stage) rejected ;;
                esac
                """)
            let agent = try bench.startAgent()
            #expect(waits { bench.text("/fetches") == "x\n" })
            try bench.configure(device: "gw-2", fetchEvery: "1h")
            agent.send(SIGHUP)
            #expect(waits { bench.text("/fetches") == "x\nx\n" })
            #expect(waits { bench.logText().contains("has changed: gw-2 on channel main") })
            try bench.configure(device: "NOT AN ID")
            agent.send(SIGHUP)
            #expect(waits { bench.logText().contains("is not taken over") })
            #expect(waits { bench.text("/fetches") == "x\nx\nx\n" })
            agent.send(SIGTERM)
            #expect(agent.end() == 0)
        }
    }

    @Test("a hang-up waits for a command that holds the device")
    func hangUpRespectsLock() throws {
        try withTemporaryFolder { folder in
            let bench = try AgentBench(in: folder)
            try bench.configure(fetchEvery: "1h")
            try bench.script(
                """
                case $1 in
                fetch) echo x >> "$DEVICE/fetches"; fetched ;;
                stage) rejected ;;
                esac
                """)
            let agent = try bench.startAgent()
            #expect(waits { bench.text(StateLayout.ledger)?.contains("rejected") == true })
            do {
                let lock = try FileLock(
                    StateLayout.lock, below: bench.root, within: .seconds(20))
                let isTaken = lock != nil
                #expect(isTaken)
                agent.send(SIGHUP)
                usleep(700_000)
                #expect(bench.text("/fetches") == "x\n")
                _ = consume lock
            }
            #expect(waits { bench.text("/fetches") == "x\nx\n" })
            agent.send(SIGTERM)
            #expect(agent.end() == 0)
        }
    }
}
