import Digests
import FleetModel
import Testing

@testable import UnitPlanning

@Suite struct NetworkReachTests {
    private func state(
        _ paths: String..., network: Bool? = nil, units: [DesiredUnit] = [], text: String = "a"
    ) -> DesiredState {
        DesiredState(
            bundles: [BundlePolicy(name: "b", network: network)],
            files: paths.map {
                DesiredFile(path: $0, bundle: "b", content: SHA256.hash(text.utf8), size: 1)
            },
            units: units)
    }

    private func unit(_ name: String, restartOn: [String] = []) -> DesiredUnit {
        DesiredUnit(name: name, bundle: "b", activity: .running, restartOn: restartOn)
    }

    private func touches(_ old: DesiredState, _ new: DesiredState) -> Bool {
        NetworkReach.isTouched(from: old, to: new)
    }

    @Test(
        "Known places of the network's configuration tell",
        arguments: [
            ("/etc/network/interfaces", true), ("/etc/network", true),
            ("/etc/systemd/network/10-eth0.network", true), ("/etc/NetworkManager/x", true),
            ("/etc/netplan/01.yaml", true), ("/etc/resolv.conf", true), ("/etc/hosts", true),
            ("/etc/nftables.conf", true), ("/etc/nftables.d/x", true),
            ("/etc/iptables/rules.v4", true), ("/etc/wireguard/wg0.conf", true),
            ("/etc/wpa_supplicant/x.conf", true), ("/etc/ppp/peers/x", true),
            ("/etc/modprobe.d/x.conf", true), ("/etc/sysctl.d/90.conf", true),
            ("/etc/sysctl.conf", true), ("/etc/ssl/certs/x.pem", true),
            ("/etc/flotilla/agent.yaml", true),
            ("/etc/systemd/system/NetworkManager.service.d/x.conf", true),
            ("/etc/systemd/system/wg-quick@wg0.service", true),
            ("/etc/site.conf", false), ("/etc/systemd/system/web.service", false),
            ("/opt/etc/hosts", false), ("/usr/local/bin/networking", false),
        ])
    func paths(path: String, tells: Bool) {
        #expect(touches(DesiredState(), state(path)) == tells)
        #expect(touches(state(path), DesiredState()) == tells)
        #expect(touches(state(path), state(path, text: "b")) == tells)
        #expect(!touches(state(path), state(path)))
    }

    @Test("Units of the network tell, where anything about them changes")
    func units() {
        let with = state(units: [unit("wg-quick@wg0.service")])
        #expect(touches(state(), with) && touches(with, state()) && !touches(with, with))
        #expect(!touches(state(), state(units: [unit("web.service")])))
        let following = [unit("systemd-networkd.service", restartOn: ["/opt/net"])]
        #expect(
            touches(
                state("/opt/net/x", units: following),
                state("/opt/net/x", units: following, text: "b")))
        #expect(
            !touches(
                state("/opt/web/x", units: following),
                state("/opt/web/x", units: following, text: "b")))
    }

    @Test("A bundle that says so itself is believed, both ways, also when it leaves")
    func saysItself() {
        #expect(touches(DesiredState(), state("/opt/modem.conf", network: true)))
        #expect(touches(state("/opt/modem.conf", network: true), DesiredState()))
        #expect(!touches(DesiredState(), state("/etc/hosts", network: false)))
        // What the new release says counts.
        #expect(
            !touches(
                state("/etc/hosts", network: true),
                state("/etc/hosts", network: false, text: "b")))
    }

    @Test("Links and directories tell like files; who is only observed tells nothing")
    func otherPaths() {
        var new = DesiredState(
            links: [DesiredLink(path: "/etc/resolv.conf", bundle: "b", target: "/run/a")])
        #expect(touches(DesiredState(), new))
        var old = new
        old.links[0].target = "/run/b"
        #expect(touches(old, new) && !touches(new, new))
        new = DesiredState(directories: [DesiredDirectory(path: "/etc/netplan", bundle: "b")])
        #expect(touches(DesiredState(), new))
        new.bundles = [BundlePolicy(name: "b", mode: .observe)]
        #expect(!touches(DesiredState(), new))
    }
}
