package import Documents
package import FleetModel

/// What the API and the web page ask of the fleet's picture, and what they pass on to it.
///
/// Whoever answers keeps the picture; whoever asks knows HTTP. Every answer is one consistent look:
/// its members were all true at the same moment. docs/openapi.yaml describes each answer's members,
/// and a test holds the two together. Where none is named there, a member that is not known is null
/// and not left out. Points in time are milliseconds since 1970, in UTC.
///
/// Called from many tasks at once. An answer must come within a few seconds, for the one who asked
/// by HTTP is sent away after ten.
package protocol FleetAnswering: Sendable {
    /// `GET /v1/devices`: the devices that fit, in the order of their ids, at most `query.limit`;
    /// `next` is the last one's id where more follow, else null.
    ///
    /// `total` counts all devices that fit, on whatever page. `counts` are the devices by standing,
    /// and with them `online` and `drifting`, of all that fit the query with its standing left
    /// aside: so one answer makes the page's bar and one page of its table.
    func devices(_ query: DeviceQuery) async -> JSONValue

    /// `GET /v1/devices/{id}`; nil where nobody knows such a device.
    func device(_ id: DeviceID) async -> JSONValue?

    /// `GET /v1/rollouts`. `decisions` and `past` are in the order of time, the newest last.
    func rollouts() async -> JSONValue

    /// `GET /v1/drift`: the first 1,000 devices in the order of their ids; `total` counts all.
    func drift() async -> JSONValue

    /// `GET /v1/events`: in the order of their numbers. `next` is what to give as `after` to get
    /// what comes later: the last event's number, or `query.after` where there was none.
    func events(_ query: EventQuery) async -> JSONValue

    /// `GET /v1/devices/{id}/why`; nil where nobody knows such a device.
    func why(_ id: DeviceID) async -> JSONValue?

    /// `GET /healthz`, which needs no token: so nothing in it may name a device, a host or a path.
    /// `status` is `ok`, or anything else, which is answered with 503. `broker`, `git` and `store`
    /// are `ok` or a few words.
    func health() async -> JSONValue

    /// `GET /metrics`, in the order in which they are to be shown.
    func metrics() async -> [Metric]

    /// Somebody says that there is something new in Git. He may be lying: look soon, at what has
    /// always been looked at, and at most as often as is bearable. Returns at once.
    func pushed() async

    /// `POST /v1/commands`: the bytes of a signed command as they came, at most 64 KiB and not
    /// looked into. The signature is all that says who speaks: the token does not.
    func command(_ message: [UInt8]) async -> CommandAnswer

    /// The picture's revision now, and then the newest one after each change. Nobody needs each of
    /// them: keep one, `.bufferingNewest(1)`. Finishes when the picture is kept no longer, and must
    /// be forgotten when the listener goes away.
    func changes() async -> AsyncStream<Int64>
}
