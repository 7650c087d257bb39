package import FleetModel

/// Whether a move can cut a device off from everybody who could mend it. A bundle may say so itself;
/// else known places and units tell.
package enum NetworkReach {
    package static func isTouched(from old: DesiredState, to new: DesiredState) -> Bool {
        let (old, new) = (old.applied, new.applied)
        let policies = Dictionary(
            (new.bundles + old.bundles).map { ($0.name, $0.network) },
            uniquingKeysWith: { first, _ in first })
        let changes = pathChanges(from: old, to: new)
        return changes.contains { path, bundle in
            (policies[bundle] ?? nil) ?? isNetworkPath(path)
        }
            || unitChanges(from: old, to: new, changes.map(\.path)).contains { unit in
                (policies[unit.bundle] ?? nil) ?? isNetworkUnit(unit.name)
            }
    }

    private static func pathChanges(
        from old: DesiredState, to new: DesiredState
    ) -> [(path: String, bundle: String)] {
        let difference = StateDifference(from: old, to: new)
        let links = changed(old.links, new.links, \.path) { $0.target == $1.target }
        return (difference.files + difference.directories).map { ($0.path, $0.bundle) }
            + links.map { ($0.path, $0.bundle) }
    }

    /// Units whose own state changes, and those that have to follow a changed path.
    private static func unitChanges(
        from old: DesiredState, to new: DesiredState, _ paths: [String]
    ) -> [DesiredUnit] {
        let changed = changed(old.units, new.units, \.name) {
            ($0.enabled, $0.activity) == ($1.enabled, $1.activity)
        }
        let following = new.units.filter { unit in
            (unit.restartOn + unit.reloadOn).contains { folder in
                paths.contains { $0 == folder || $0.utf8.starts(with: (folder + "/").utf8) }
            }
        }
        return changed + following
    }

    private static func changed<Item>(
        _ old: [Item], _ new: [Item], _ key: (Item) -> String, isSame: (Item, Item) -> Bool
    ) -> [Item] {
        var remaining = Dictionary(old.map { (key($0), $0) }, uniquingKeysWith: { $1 })
        var changed: [Item] = []
        for item in new {
            let before = remaining.removeValue(forKey: key(item))
            if before.map({ isSame($0, item) }) != true { changed.append(item) }
        }
        return changed + remaining.values
    }

    // MARK: What is known

    /// Files and folders whose names begin so. What decides whom the device believes counts too.
    private static let networkPaths = [
        "/etc/network", "/etc/systemd/network", "/etc/systemd/resolved.conf",
        "/etc/systemd/networkd.conf", "/etc/NetworkManager", "/etc/netplan", "/etc/resolv.conf",
        "/etc/resolvconf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/gai.conf", "/etc/nftables",
        "/etc/iptables", "/etc/ufw", "/etc/firewalld", "/etc/wireguard", "/etc/openvpn",
        "/etc/wpa_supplicant", "/etc/iwd", "/etc/ppp", "/etc/chatscripts", "/etc/dhcp",
        "/etc/dhcpcd", "/etc/connman", "/etc/ModemManager", "/etc/modprobe.d",
        "/etc/modules-load.d", "/etc/modules", "/etc/udev/rules.d", "/etc/sysctl", "/etc/ssl",
        "/etc/ca-certificates", "/usr/local/share/ca-certificates", "/etc/flotilla",
    ]

    /// Names without their suffix, and without an instance.
    private static let networkUnits: Set<String> = [
        "networking", "ifup", "systemd-networkd", "systemd-resolved", "NetworkManager",
        "ModemManager", "nftables", "iptables", "netfilter-persistent", "ufw", "firewalld",
        "wpa_supplicant", "wpa_supplicant-wired", "wpa_supplicant-nl80211", "iwd", "connman",
        "dhcpcd", "dhclient", "wg-quick", "openvpn", "openvpn-client", "strongswan", "pppd", "ppp",
        "dnsmasq", "unbound",
    ]

    static func isNetworkPath(_ path: String) -> Bool {
        if networkPaths.contains(where: { path.utf8.starts(with: $0.utf8) }) { return true }
        // The file of such a unit, or a drop-in of it.
        return path.utf8.starts(with: "/".utf8)
            && path.split(separator: "/").contains { isUnitName($0) && isNetworkUnit(String($0)) }
    }

    private static func isUnitName(_ name: Substring) -> Bool {
        [".service", ".socket", ".service.d", ".socket.d"].contains {
            name.utf8.count > $0.utf8.count
                && name.utf8.suffix($0.utf8.count).elementsEqual($0.utf8)
        }
    }

    static func isNetworkUnit(_ name: String) -> Bool {
        networkUnits.contains(String(name.prefix { $0 != "." && $0 != "@" }))
    }
}
