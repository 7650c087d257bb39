/// KEEP=1: the fleet stays up for a look around.
extension FleetWorld {
    /// Writes down how to end it, and tells how to look at it.
    func keep(telling progress: Progress) throws {
        guard let aggregator else { throw DemoError("the aggregator is not installed") }
        for device in devices { device.outliveTheDemo() }
        aggregator.outliveTheDemo()
        broker.outliveTheDemo()
        host?.outliveTheDemo()
        let processes =
            (devices.map(\.agentPid) + [aggregator.pid, broker.pid, host?.pid]).compactMap { $0 }
            .map { "\($0)" }
        let ending = folder.path + "/end"
        try WorldFolder.write(
            """
            #!/bin/sh
            # Ends the demo's agents, aggregator, broker and Git server, and removes its folder.
            for process in \(processes.joined(separator: " ")); do
                kill "$process"
                while kill -0 "$process" 2>/dev/null; do sleep 0.1; done
            done
            rm -rf \(folder.path)

            """.utf8, to: ending, mode: 0o755)
        let (one, root) = (FleetRoster.canary, "\(folder.devices)/\(FleetRoster.canary)")
        progress.say(
            """

            The fleet stays up: \(folder.path)
              the web page         \(aggregator.url)/
              its token            \(aggregator.tokenFile)
              for the commands     export FLOTILLA_SERVER=\(aggregator.url) \
            FLOTILLA_TOKEN_FILE=\(aggregator.tokenFile)
              at a glance          \(tools.flotilla) status
              the waves            \(tools.flotilla) rollout status --watch
              a device             \(tools.flotilla) device \(one)
              and from within      \(tools.agent) status --root \(root)
              the operator's clone cd \(desk.folder); edit, commit, \(tools.flotilla) publish
              and to the devices   git push \(folder.repository) main
              the Git server       git ls-remote \(host?.url ?? "")
              the broker           \(broker.url), its log \(broker.log)
            End it with \(ending)
            """)
    }
}
