/// KEEP=1: the world stays up for a look around.
extension DemoWorld {
    /// Writes down how to end it, and tells how to look at it.
    func keep(telling progress: Progress) throws {
        device.outliveTheDemo()
        host?.outliveTheDemo()
        let processes = [device.agentPid, host?.pid].compactMap { $0 }.map { "\($0)" }
        let ending = folder.path + "/end"
        try WorldFolder.write(
            """
            #!/bin/sh
            # Ends the demo's agent and Git server, and removes its folder.
            for process in \(processes.joined(separator: " ")); do
                kill "$process"
                while kill -0 "$process" 2>/dev/null; do sleep 0.1; done
            done
            rm -rf \(folder.path)

            """.utf8, to: ending, mode: 0o755)
        progress.say(
            """

            The world stays up: \(folder.path)
              the device's files   ls -R \(device.root)/etc
              its status           \(tools.agent) status --root \(device.root)
              its history          \(tools.agent) history --root \(device.root)
              the operator's clone cd \(desk.folder); \(tools.flotilla) verify main
              the Git server       git ls-remote \(host?.url ?? "")
            End it with \(ending)
            """)
    }
}
