internal import DeviceRecords
internal import FleetModel
internal import HostSystem

extension Doctor {
    /// What differs, whether somebody fights for it, and whether changes are heard of at once.
    func drift() -> Finding {
        do throws(RecordError) {
            guard let live = try store.readIfWhole(LiveStatus.self, at: StateLayout.status) else {
                return .well("drift", "no agent has looked since the boot")
            }
            if let fight = live.drift.first, fight.standing == .contested {
                return Finding(
                    part: "drift", verdict: .bad, detail: fight.text,
                    fix: "Find who writes it, and let one of both give it up: another owner of the "
                        + "path, or `drift: report`.")
            }
            if live.driftCount > 0, let first = live.drift.first {
                return Finding(
                    part: "drift", verdict: .warning,
                    detail: "\(live.driftCount) paths or units differ, the first: \(first.text)",
                    fix: "`flotilla-agent diff` lists them. They are put right where their bundle "
                        + "says `drift: heal` and nobody holds the device.")
            }
            if let problem = live.watchProblem {
                return Finding(
                    part: "drift", verdict: .warning,
                    detail: "\(problem); what happens there is found by scans",
                    fix: "Raise the kernel's limits: sysctl fs.inotify.max_user_watches, and "
                        + "fs.inotify.max_user_instances.")
            }
            return .well("drift", "nothing differs")
        } catch {
            return Finding(part: "drift", verdict: .bad, detail: "\(error)")
        }
    }

    /// Whether the Git server's name leads anywhere: the first thing that a fetch needs.
    func gitName(_ configuration: AgentConfiguration) -> [Finding] {
        guard let host = Self.host(of: configuration.repository.url) else { return [] }
        do {
            return [.well("git name", try resolve(host, 443).joined(separator: ", "))]
        } catch {
            return [
                Finding(
                    part: "git name", verdict: .bad, detail: "\(host): \(error)",
                    fix: "Look at the name, and at the name servers in /etc/resolv.conf.")
            ]
        }
    }

    /// The name in a URL; nil for an address, which nobody needs to look up.
    static func host(of url: String) -> String? {
        let parts = url.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count > 2, parts[1].isEmpty, let place = parts[2].split(separator: "@").last,
            place.utf8.first != UInt8(ascii: "[")
        else { return nil }
        let name = place.prefix { $0 != ":" }
        let isAddress = name.utf8.allSatisfy {
            $0 == UInt8(ascii: ".") || (0x30...0x39).contains($0)
        }
        return name.isEmpty || isAddress ? nil : String(name)
    }
}
