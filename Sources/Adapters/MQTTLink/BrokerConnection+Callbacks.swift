internal import CMosquitto
internal import COpenSSL
internal import FleetModel

/// What libmosquitto tells.
extension BrokerConnection {
    func welcomed(reason: Int32, flags: Int32, _ properties: ReceivedProperties) {
        guard reason == 0 else {
            let text = "\(subject) refuses the connection: \(reasonText(reason, properties))"
            return note(text, isRefusal: ReasonCode(reason).isLasting)
        }
        let keepAlive = properties.number16(MQTT_PROP_SERVER_KEEP_ALIVE)
        if let keepAlive, !acceptableKeepAlives.contains(Int32(keepAlive)) {
            return note(
                "\(subject) wants a keep-alive of \(keepAlive) s, which is not taken: it is not "
                    + "between 10 s and our own", isRefusal: true)
        }
        if let keepAlive { traffic.keepAlive = .seconds(Int64(keepAlive)) }
        // libmosquitto would silently do without.
        guard properties.byte(MQTT_PROP_RETAIN_AVAILABLE) != 0,
            properties.byte(MQTT_PROP_MAXIMUM_QOS) != 0
        else {
            return note(
                "\(subject) has no retained messages or no quality 1; both are needed",
                isRefusal: true)
        }
        if let most = properties.number16(MQTT_PROP_RECEIVE_MAXIMUM) {
            inflightLimit = min(inflightLimit, Int(most))
        }
        guard phase == .greeting else { return note("\(subject) welcomes us twice") }
        phase = .welcomed
        events.push(.connected(sessionPresent: flags & 1 != 0))
    }

    /// None would hide a dead connection for ever, and a very short one would keep a device awake.
    private var acceptableKeepAlives: ClosedRange<Int32> {
        min(10, settings.keepAliveSeconds)...settings.keepAliveSeconds
    }

    func ended(reason: Int32) {
        // Above: of MQTT, from the broker. Below: of libmosquitto, which also comes as its result.
        guard reason >= 128 else { return }
        note(
            "\(subject) ended the connection: \(ReasonCode(reason).name)",
            isRefusal: ReasonCode(reason).isLasting)
    }

    func published(_ id: Int32, reason: Int32) {
        inFlight.remove(id)
        events.push(.published(id: id, reason: UInt8(clamping: reason)))
    }

    func received(_ message: mosquitto_message, _ properties: ReceivedProperties) {
        guard let topic = unsafe message.topic else { return }
        let payload = unsafe Array(
            UnsafeRawBufferPointer(start: message.payload, count: Int(message.payloadlen)))
        let expiry = properties.number32(MQTT_PROP_MESSAGE_EXPIRY_INTERVAL)
        events.push(
            .received(
                LinkMessage(
                    topic: unsafe String(cString: topic), payload: payload,
                    qos: Int(unsafe message.qos), retain: unsafe message.retain,
                    expiry: expiry.map { .seconds(Int64($0)) },
                    responseTopic: properties.text(MQTT_PROP_RESPONSE_TOPIC),
                    correlation: properties.bytes(MQTT_PROP_CORRELATION_DATA))))
    }

    func subscribed(_ id: Int32, _ reasons: [Int32]) {
        events.push(.subscribed(id: id, reasons: reasons.map { UInt8(clamping: $0) }))
    }

    /// What MQTT calls a reason, and the broker's own words where it has some.
    private func reasonText(_ reason: Int32, _ properties: ReceivedProperties) -> String {
        let name = ReasonCode(reason).name
        guard let words = properties.text(MQTT_PROP_REASON_STRING) else { return name }
        // libmosquitto refuses control characters.
        return "\(name): \(words.prefix(200))"
    }
}

// Callbacks of libmosquitto and OpenSSL: functions that belong to no actor, called from within
// calls of a connection, which is their context.

func connackCame(
    _ client: OpaquePointer?, _ context: UnsafeMutableRawPointer?, _ reason: Int32,
    _ flags: Int32, _ properties: OpaquePointer?
) {
    unsafe connection(context)?.welcomed(
        reason: reason, flags: flags, ReceivedProperties(properties))
}

func connectionEnded(
    _ client: OpaquePointer?, _ context: UnsafeMutableRawPointer?, _ reason: Int32,
    _ properties: OpaquePointer?
) {
    unsafe connection(context)?.ended(reason: reason)
}

func publishEnded(
    _ client: OpaquePointer?, _ context: UnsafeMutableRawPointer?, _ id: Int32, _ reason: Int32,
    _ properties: OpaquePointer?
) {
    unsafe connection(context)?.published(id, reason: reason)
}

func messageCame(
    _ client: OpaquePointer?, _ context: UnsafeMutableRawPointer?,
    _ message: UnsafePointer<mosquitto_message>?, _ properties: OpaquePointer?
) {
    guard let message = unsafe message?.pointee else { return }
    unsafe connection(context)?.received(message, ReceivedProperties(properties))
}

func subackCame(
    _ client: OpaquePointer?, _ context: UnsafeMutableRawPointer?, _ id: Int32, _ count: Int32,
    _ reasons: UnsafePointer<Int32>?, _ properties: OpaquePointer?
) {
    let reasons = unsafe Array(UnsafeBufferPointer(start: reasons, count: Int(count)))
    unsafe connection(context)?.subscribed(id, reasons)
}

func sessionChanged(_ session: OpaquePointer?, _ place: Int32, _ value: Int32) {
    guard place == SSL_CB_HANDSHAKE_START, let session = unsafe session else { return }
    let context = unsafe SSL_CTX_get_ex_data(SSL_get_SSL_CTX(session), 0)
    unsafe connection(context)?.adopt(session)
}

private func connection(_ context: UnsafeMutableRawPointer?) -> BrokerConnection? {
    unsafe context.map { unsafe Unmanaged.fromOpaque($0).takeUnretainedValue() }
}
