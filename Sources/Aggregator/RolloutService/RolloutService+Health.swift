internal import ChannelWatch
package import Documents
package import FleetAnswers
internal import FleetModel
internal import FleetRegister
internal import HostSystem
internal import Ingest
internal import RolloutEngine
internal import WireMessages

extension RolloutService {
    /// Nothing in it names a device, a host or a path: it needs no token.
    package func health() -> JSONValue {
        let link = ingest.status
        let broker = link.isConnected ? "ok" : "not connected"
        let git =
            if view.failure != nil {
                "the last \(view.failures) looks failed"
            } else if view.seen == nil {
                "not looked at yet"
            } else if view.refusal != nil {
                "the channel's tip is refused"
            } else {
                "ok"
            }
        let store = storeProblem == nil ? "ok" : "can't be written"
        // What somebody published is no sickness of the aggregator; one look that failed is none
        // either, for networks are like that.
        let isWell = broker == "ok" && store == "ok" && view.failures < 3 && view.seen != nil
        return [
            "version": 1, "status": isWell ? "ok" : "impaired", "broker": .string(broker),
            "git": .string(git), "store": .string(store),
        ]
    }

    package func metrics() -> [Metric] {
        fleetMetrics() + rolloutMetrics() + busMetrics() + ownMetrics()
    }

    private func fleetMetrics() -> [Metric] {
        let picture = currentPicture()
        let rows = picture.devices.map(\.row)
        return [
            Metric(
                "flotilla_devices", "Known devices by state", .gauge,
                DeviceStanding.allCases.map {
                    .init(Double(picture.report.counts[$0]), [.init("state", $0.word)])
                }),
            Metric(
                "flotilla_devices_online", "Devices that are connected", .gauge,
                Double(rows.count { $0.isOnline })),
            Metric(
                "flotilla_devices_drifting", "Devices with managed paths that differ", .gauge,
                Double(rows.count { ($0.state?.drift.count ?? 0) > 0 })),
            Metric(
                "flotilla_devices_held", "Devices that a technician holds", .gauge,
                Double(rows.count { $0.state?.hold != nil })),
        ]
    }

    private func rolloutMetrics() -> [Metric] {
        let picture = currentPicture()
        let standing = picture.rollout?.standing.rawValue
        return [
            Metric(
                "flotilla_rollout_standing", "1 for the standing of the current rollout", .gauge,
                ["rolling", "paused", "halted", "aborted", "complete"].map {
                    .init($0 == standing ? 1 : 0, [.init("standing", $0)])
                }),
            Metric(
                "flotilla_rollout_affected_devices", "Devices that the release changes", .gauge,
                Double(picture.report.affected)),
            Metric(
                "flotilla_channel_refused", "1 while the channel's tip is refused", .gauge,
                view.refusal == nil ? 0 : 1),
            Metric(
                "flotilla_channel_seen_seconds", "When Git was last seen, since 1970", .gauge,
                Double(view.seen?.seconds ?? 0)),
            Metric(
                "flotilla_channel_looks_total", "Looks at the channel", .counter,
                [
                    .init(Double(counters.looks), [.init("result", "ok")]),
                    .init(Double(counters.failedLooks), [.init("result", "failed")]),
                ]),
        ]
    }

    private func busMetrics() -> [Metric] {
        let bus = ingest.counters
        return [
            Metric(
                "flotilla_broker_connected", "1 while the broker is connected", .gauge,
                ingest.status.isConnected ? 1 : 0),
            Metric(
                "flotilla_broker_connects_total", "Connections to the broker", .counter,
                Double(bus.connects)),
            Metric(
                "flotilla_messages_received_total", "Messages from the broker", .counter,
                Double(bus.received)),
            Metric(
                "flotilla_messages_believed_total", "Messages that were verified", .counter,
                Double(bus.believed)),
            Metric(
                "flotilla_messages_dropped_total", "Messages that were dropped, by reason",
                .counter,
                DropReason.allCases.map {
                    .init(Double(bus.dropped[$0] ?? 0), [.init("reason", $0.rawValue)])
                }),
            Metric(
                "flotilla_messages_published_total", "Messages that the broker took", .counter,
                [
                    .init(Double(bus.published - bus.refused), [.init("result", "ok")]),
                    .init(Double(bus.refused), [.init("result", "refused")]),
                ]),
        ]
    }

    private func ownMetrics() -> [Metric] {
        [
            Metric(
                "flotilla_events_total", "Events that devices reported", .counter,
                Double(counters.events)),
            Metric(
                "flotilla_acknowledgements_total", "Acknowledgements to devices", .counter,
                Double(counters.acknowledgements)),
            Metric(
                "flotilla_orders_total", "Orders that were published", .counter,
                Double(counters.orders)),
            Metric(
                "flotilla_commits_total", "Transactions of the store", .counter,
                [
                    .init(Double(counters.commits), [.init("result", "ok")]),
                    .init(Double(counters.failedCommits), [.init("result", "failed")]),
                ]),
            Metric(
                "flotilla_engine_steps_total", "Steps of the rollout engine", .counter,
                Double(counters.steps)),
        ]
    }
}
