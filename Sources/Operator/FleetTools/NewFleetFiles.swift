internal import FleetModel

/// The files of a new fleet repository: small, complete, and commented for whoever changes them.
struct NewFleetFiles {
    let fleet: String
    let channel: String
    let principal: String
    let publicKey: String
    let device: DeviceID

    /// By path, in the repository.
    var all: [(path: String, text: String)] {
        [
            (FleetLayout.fleetFile, fleetFile),
            (FleetLayout.allowedSigners, allowedSigners),
            (FleetLayout.policy, policy),
            (FleetLayout.deviceFile(device), deviceFile),
            (FleetLayout.bundleFile("hello"), bundle),
            (FleetLayout.bundleFolder("hello") + "/files/hello.conf", template),
            ("README.md", readme),
        ]
    }

    private var fleetFile: String {
        """
        # What holds for the whole fleet.
        format: 1
        name: \(fleet)

        # Devices apply every release that they trust, by themselves.
        rollout: none

        # Variables for templates. A group (groups/<label>=<value>.yaml) overrides them, and a
        # device's own file overrides both.
        vars:
          greeting: hello

        """
    }

    private var allowedSigners: String {
        """
        # Who may publish releases: one person a line, as ssh-keygen(1) has it under ALLOWED SIGNERS.
        # A change of this file is judged by the keys of the release before it.
        \(principal) namespaces="git,flotilla-release,flotilla-command" \(publicKey)

        """
    }

    private var policy: String {
        """
        # How many people must agree to a release.
        format: 1
        approvals:
          default: 1

        """
    }

    private var deviceFile: String {
        """
        # One device. The folder is the first byte of SHA-256 of its id.
        labels:
          role: example
        vars:
          greeting: hello from the first device

        """
    }

    private var bundle: String {
        """
        # One unit of configuration, for the devices that match.
        match: role=example

        files:
          - source: files/hello.conf
            path: /etc/hello.conf
            template: true

        # A generation is confirmed when all checks hold for the settle time; else the device goes
        # back to the one before it.
        health:
          settle: 5s
          checks:
            - name: greets
              file:
                path: /etc/hello.conf
                contains: greeting

        """
    }

    private var template: String {
        """
        # {{ device.id }} has this file from its fleet repository: do not edit it here.
        greeting = {{ greeting }}

        """
    }

    private var readme: String {
        """
        # The fleet \(fleet)

        Work on the branch `draft`, or on branches that are merged into it. Devices follow the
        channel `\(channel)`: a branch that holds releases only, each signed.

            flotilla lint            # what is wrong
            git commit -a            # your work
            flotilla publish         # make a release of it, and sign it
            git push origin draft \(channel)

        `flotilla verify \(channel)` explains why devices trust the channel's releases.

        """
    }
}
