internal import CMosquitto
internal import COpenSSL
internal import FleetModel
internal import Glibc
internal import HostSystem
internal import NetworkStreams

/// One connection to a broker, from the first packet of TCP to its end. A new connection is a new
/// client of libmosquitto: that one would send by itself again what was in flight.
@safe
final class BrokerConnection {
    enum Phase { case connecting, shaking, greeting, welcomed, leaving, over }

    private let settings: LinkSettings
    private let events: EventQueue
    /// `host`, `host:port`
    private let host: String
    private let subject: String
    private let context: TLSContext
    private let client: MosquittoClient
    private var phase = Phase.connecting
    /// For TCP, TLS and the welcome; later for the goodbye.
    private var deadline: Instant
    private var stream: TLSStreamView?
    private var watch: PacketWatch
    private var traffic: Traffic
    /// Numbers of messages that wait for an acknowledgement.
    private(set) var inFlight: Set<Int32> = []
    private var inflightLimit: Int
    /// What a callback or a call of the owner found wrong; the next `serve` ends the connection.
    private var end: (reason: String, isRefusal: Bool)?

    init(
        _ settings: LinkSettings, _ events: EventQueue, address: String, port: Int, host: String
    ) throws(LinkError) {
        guard (1...65_535).contains(port), isNumericAddress(address) else {
            throw .invalid("'\(address)' with port \(port) is no address to connect to")
        }
        self.settings = settings
        self.events = events
        self.host = host
        subject = BrokerAddress(host: host, port: port).description
        let now = Clocks.monotonic()
        deadline = now + settings.connectTimeout
        watch = PacketWatch(limit: settings.packetLimit)
        traffic = Traffic(keepAlive: .seconds(Int64(settings.keepAliveSeconds)), at: now)
        inflightLimit = settings.inflightLimit
        do throws(NetworkError) {
            context = try TLSContext(settings.tls, expecting: host)
        } catch {
            throw .invalid(error.description)
        }
        client = try MosquittoClient(id: settings.clientID, cleanStart: settings.cleanStart)
        try configure()
        try start(address: address, port: port)
    }

    deinit { stream?.detach() }

    var isWelcomed: Bool { phase == .welcomed && end == nil }
    var isOver: Bool { phase == .over }
}

// MARK: The beginning

extension BrokerConnection {
    private func configure() throws(LinkError) {
        let (handle, own) = unsafe (client.handle, Unmanaged.passUnretained(self).toOpaque())
        unsafe mosquitto_user_data_set(handle, own)
        unsafe mosquitto_connect_v5_callback_set(handle, connackCame)
        unsafe mosquitto_disconnect_v5_callback_set(handle, connectionEnded)
        unsafe mosquitto_publish_v5_callback_set(handle, publishEnded)
        unsafe mosquitto_message_v5_callback_set(handle, messageCame)
        unsafe mosquitto_subscribe_v5_callback_set(handle, subackCame)
        try client.set(MOSQ_OPT_PROTOCOL_VERSION, Int32(MQTT_PROTOCOL_V5))
        try client.set(MOSQ_OPT_RECEIVE_MAXIMUM, Int32(settings.inflightLimit))
        try client.set(MOSQ_OPT_SEND_MAXIMUM, Int32(settings.inflightLimit))
        try client.set(MOSQ_OPT_TCP_NODELAY, 1)
        // Its defaults would judge the certificate by the address and at the clock's time.
        try client.set(MOSQ_OPT_SSL_CTX_WITH_DEFAULTS, 0)
        unsafe SSL_CTX_set_ex_data(context.handle, 0, own)
        unsafe SSL_CTX_set_info_callback(context.handle, sessionChanged)
        // A renegotiation would read where only writing is meant.
        unsafe SSL_CTX_set_options(context.handle, UInt64(1) << 30 /* SSL_OP_NO_RENEGOTIATION */)
        // An idle link gives back its buffers of 16 KiB.
        unsafe flotilla_ssl_ctx_set_mode(context.handle, Int(SSL_MODE_RELEASE_BUFFERS))
        try unsafe client.use(context.handle)
        if let will = settings.will { try client.setWill(will) }
    }

    private func start(address: String, port: Int) throws(LinkError) {
        var properties = PropertyList()
        try properties.add(MQTT_PROP_SESSION_EXPIRY_INTERVAL, settings.sessionExpirySeconds)
        try properties.add(MQTT_PROP_MAXIMUM_PACKET_SIZE, UInt32(settings.packetLimit))
        try client.connect(
            to: address, port: port, keepAlive: settings.keepAliveSeconds, properties)
        guard stream != nil else {
            throw .failed("libmosquitto did not begin TLS with \(subject)")
        }
        if let end { throw .failed(end.reason) }
    }

    /// libmosquitto made a session of TLS, and is about to use it for the first time. It gave it
    /// the address as the server's name.
    fileprivate func adopt(_ session: OpaquePointer) {
        guard stream == nil else { return }
        stream = unsafe TLSStreamView(session)
        if stream?.setServerName(TLSContext.serverName(of: host)) != true {
            note("TLS can't use '\(host)' as a host name", isRefusal: true)
        }
    }

    private func finishTCP(_ ready: PollRequest?) {
        guard let ready, ready.isReady else { return }
        let code = client.socketError()
        guard code == 0 else {
            return finish("cannot connect to \(subject): \(unsafe String(cString: strerror(code)))")
        }
        phase = .shaking
    }

    private func shakeHands() {
        guard let stream else { return }
        switch stream.shakeHands() {
        case .wants: return
        case .tooMuch: finish("\(subject) sends too much before TLS stands")
        case .hungUp(let reason): finish("\(subject) hung up in the TLS handshake\(reason)")
        case .failed:
            let error = unsafe TLSFailure.describe(
                stream.session, "connect to", host: host, subject: subject)
            finish(
                error.description,
                isRefusal: error.code == .certificate || error.code == .authentication)
        case .done:
            // libmosquitto learns that its session stands, and sends what it has kept back.
            guard client.read() == 0, client.write() == 0 else {
                return finish("libmosquitto can't use TLS with \(subject)")
            }
            phase = .greeting
        }
    }
}

// MARK: The loop

extension BrokerConnection {
    var pollRequest: PollRequest? {
        let descriptor = client.descriptor
        guard descriptor >= 0, end == nil, let stream else { return nil }
        switch phase {
        case .over: return nil
        case .connecting: return PollRequest(descriptor, reading: false, writing: true)
        case .shaking:
            // Not what libmosquitto says: that one wants to write all through a handshake.
            let wantsWrite = stream.wantsWrite
            return PollRequest(descriptor, reading: !wantsWrite, writing: wantsWrite)
        case .greeting, .welcomed, .leaving:
            let (reads, writes) = (mayRead, client.wantsWrite)
            // Waiting for nothing would return at once, again and again, when the broker is gone.
            if !reads && !writes { return nil }
            return PollRequest(descriptor, reading: reads, writing: writes)
        }
    }

    var nextDeadline: Instant? {
        if end != nil || (mayRead && stream?.hasPending == true) {
            return Instant(nanoseconds: .min)
        }
        return phase == .welcomed ? traffic.nextCheck : deadline
    }

    /// Nothing is read while what came is not taken, nor while answers to it can't be sent.
    private var mayRead: Bool {
        switch phase {
        case .greeting, .welcomed: !events.isFull && !client.wantsWrite
        case .connecting, .shaking, .leaving, .over: false
        }
    }

    func serve(_ ready: PollRequest?, at now: Instant) {
        if phase == .connecting && end == nil { finishTCP(ready) }
        if phase == .shaking && end == nil { shakeHands() }
        read()
        write()
        traffic.note(
            packets: watch.packets, written: stream?.writtenBytes ?? 0, at: now)
        keepAlive(at: now)
        if phase == .leaving && client.descriptor < 0 { note("disconnected as asked") }
        if let end { return finish(end.reason, isRefusal: end.isRefusal) }
        if phase != .welcomed && now >= deadline { finish(lateReason) }
    }

    /// A few records at a time, so that a busy broker can't keep the loop.
    private func read() {
        for _ in 0..<4 where end == nil && mayRead {
            guard let stream else { return }
            if !stream.hasPending {
                switch stream.peek({ (bytes) throws(PacketWatch.Fault) in try watch.see(bytes) }) {
                case .nothing: return
                case .bytes: break
                case .fault(let fault):
                    return note("\(subject) breaks the protocol: \(fault)", isRefusal: true)
                case .ended: return note("\(subject) ended the connection")
                case .failed:
                    let error = unsafe TLSFailure.describe(
                        stream.session, "read from", host: host, subject: subject)
                    return note(
                        error.description, isRefusal: error.code == .authentication)
                }
            }
            let before = stream.pendingBytes
            let code = client.read()
            if client.descriptor < 0 { return note("\(subject) ended the connection") }
            guard code == 0, stream.pendingBytes < before else {
                return note("libmosquitto can't read from \(subject): \(libraryMessage(code))")
            }
        }
    }

    private func write() {
        switch phase {
        case .greeting, .welcomed, .leaving: break
        case .connecting, .shaking, .over: return
        }
        guard end == nil, client.wantsWrite else { return }
        let code = client.write()
        if code != 0 { note("cannot write to \(subject): \(libraryMessage(code))") }
    }

    private func keepAlive(at now: Instant) {
        guard phase == .welcomed, end == nil, now >= traffic.nextCheck else { return }
        let code = client.checkKeepAlive()
        traffic.checked(at: now)
        if code != 0 {
            note("\(subject) does not answer any more (\(libraryMessage(code)))")
        }
    }

    private var lateReason: String {
        switch phase {
        case .connecting: "\(subject) does not answer: no TCP connection in time"
        case .shaking: "\(subject) does not answer: no TLS in time"
        case .greeting: "\(subject) does not answer: no welcome of MQTT in time"
        case .welcomed, .leaving, .over: "\(subject) took no goodbye in time"
        }
    }

    /// Remembers why the connection has to end; the first reason counts.
    private func note(_ reason: String, isRefusal: Bool = false) {
        if end == nil { end = (reason, isRefusal) }
    }

    private func finish(_ reason: String, isRefusal: Bool = false) {
        phase = .over
        stream?.detach()
        stream = nil
        events.push(.disconnected(reason: reason, isRefusal: isRefusal))
    }
}

// MARK: What the owner wants

extension BrokerConnection {
    func publish(_ message: LinkMessage) throws(LinkError) -> Int32 {
        // What is behind a full socket would wait in libmosquitto without a bound.
        guard message.qos == 0 ? !client.wantsWrite : inFlight.count < inflightLimit else {
            throw .busy
        }
        let properties = try PropertyList(of: message)
        let (code, id) = client.publish(message, properties)
        traffic.sent(written: stream?.writtenBytes ?? 0, at: Clocks.monotonic())
        try check(code, "publish on '\(message.topic)'")
        if message.qos > 0 { inFlight.insert(id) }
        return id
    }

    func subscribe(_ filters: [String], qos: Int) throws(LinkError) -> Int32 {
        let (code, id) = client.subscribe(filters, qos: Int32(qos))
        traffic.sent(written: stream?.writtenBytes ?? 0, at: Clocks.monotonic())
        try check(code, "subscribe")
        return id
    }

    func leave() {
        guard isWelcomed else {
            return finish("disconnected as asked")
        }
        phase = .leaving
        deadline = Clocks.monotonic() + .seconds(5)
        client.disconnect()
        if client.descriptor < 0 { finish("disconnected as asked") }
    }

    private func check(_ code: Int32, _ what: String) throws(LinkError) {
        switch code {
        case MOSQ_ERR_SUCCESS.rawValue: return
        case MOSQ_ERR_INVAL.rawValue, MOSQ_ERR_MALFORMED_UTF8.rawValue,
            MOSQ_ERR_PAYLOAD_SIZE.rawValue, MOSQ_ERR_OVERSIZE_PACKET.rawValue,
            MOSQ_ERR_QOS_NOT_SUPPORTED.rawValue:
            throw .invalid("the broker can't take this: \(what): \(libraryMessage(code))")
        default:
            // It may have kept the message, so this connection ends, and with it that memory.
            note("cannot \(what) at \(subject): \(libraryMessage(code))")
            throw .notConnected
        }
    }
}

// MARK: What libmosquitto tells

extension BrokerConnection {
    fileprivate func welcomed(reason: Int32, flags: Int32, _ properties: ReceivedProperties) {
        guard reason == 0 else {
            let text = "\(subject) refuses the connection: \(reasonText(reason, properties))"
            return note(text, isRefusal: ReasonCode(reason).isLasting)
        }
        let keepAlive = properties.number16(MQTT_PROP_SERVER_KEEP_ALIVE)
        if let keepAlive, !(10...settings.keepAliveSeconds).contains(Int32(keepAlive)) {
            return note(
                "\(subject) wants a keep-alive of \(keepAlive) s, which is not taken: it is not "
                    + "between 10 s and our own", isRefusal: true)
        }
        if let keepAlive { traffic.keepAlive = .seconds(Int64(keepAlive)) }
        if let most = properties.number16(MQTT_PROP_RECEIVE_MAXIMUM) {
            guard most > 0 else { return note("\(subject) takes no message at all") }
            inflightLimit = min(inflightLimit, Int(most))
        }
        guard phase == .greeting else { return note("\(subject) welcomes us twice") }
        phase = .welcomed
        events.push(.connected(sessionPresent: flags & 1 != 0))
    }

    fileprivate func ended(reason: Int32) {
        // Above: of MQTT, from the broker. Below: of libmosquitto, which also comes as its result.
        guard reason >= 128 else { return }
        note(
            "\(subject) ended the connection: \(ReasonCode(reason).name)",
            isRefusal: ReasonCode(reason).isLasting)
    }

    fileprivate func published(_ id: Int32, reason: Int32) {
        inFlight.remove(id)
        events.push(.published(id: id, reason: UInt8(clamping: reason)))
    }

    fileprivate func received(_ message: mosquitto_message, _ properties: ReceivedProperties) {
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

    fileprivate func subscribed(_ id: Int32, _ reasons: [Int32]) {
        events.push(.subscribed(id: id, reasons: reasons.map { UInt8(clamping: $0) }))
    }

    /// What MQTT calls a reason, and the broker's own words where it has some.
    private func reasonText(_ reason: Int32, _ properties: ReceivedProperties) -> String {
        let name = ReasonCode(reason).name
        guard let words = properties.text(MQTT_PROP_REASON_STRING) else { return name }
        let plain = words.unicodeScalars.prefix(200).map { $0.value < 0x20 ? "?" : String($0) }
        return "\(name): \(plain.joined())"
    }
}

// Callbacks of libmosquitto and OpenSSL: functions that belong to no actor, called from within
// calls of a connection, which is their context.

private func connackCame(
    _ client: OpaquePointer?, _ context: UnsafeMutableRawPointer?, _ reason: Int32,
    _ flags: Int32, _ properties: OpaquePointer?
) {
    unsafe connection(context)?.welcomed(
        reason: reason, flags: flags, ReceivedProperties(properties))
}

private func connectionEnded(
    _ client: OpaquePointer?, _ context: UnsafeMutableRawPointer?, _ reason: Int32,
    _ properties: OpaquePointer?
) {
    unsafe connection(context)?.ended(reason: reason)
}

private func publishEnded(
    _ client: OpaquePointer?, _ context: UnsafeMutableRawPointer?, _ id: Int32, _ reason: Int32,
    _ properties: OpaquePointer?
) {
    unsafe connection(context)?.published(id, reason: reason)
}

private func messageCame(
    _ client: OpaquePointer?, _ context: UnsafeMutableRawPointer?,
    _ message: UnsafePointer<mosquitto_message>?, _ properties: OpaquePointer?
) {
    guard let message = unsafe message?.pointee else { return }
    unsafe connection(context)?.received(message, ReceivedProperties(properties))
}

private func subackCame(
    _ client: OpaquePointer?, _ context: UnsafeMutableRawPointer?, _ id: Int32, _ count: Int32,
    _ reasons: UnsafePointer<Int32>?, _ properties: OpaquePointer?
) {
    let reasons = unsafe Array(UnsafeBufferPointer(start: reasons, count: Int(count)))
    unsafe connection(context)?.subscribed(id, reasons)
}

private func sessionChanged(_ session: OpaquePointer?, _ place: Int32, _ value: Int32) {
    guard place == SSL_CB_HANDSHAKE_START, let session = unsafe session else { return }
    let context = unsafe SSL_CTX_get_ex_data(SSL_get_SSL_CTX(session), 0)
    unsafe connection(context)?.adopt(session)
}

private func connection(_ context: UnsafeMutableRawPointer?) -> BrokerConnection? {
    unsafe context.map { unsafe Unmanaged.fromOpaque($0).takeUnretainedValue() }
}
