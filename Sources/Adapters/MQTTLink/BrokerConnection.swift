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

    let settings: LinkSettings
    let events: EventQueue
    private let host: String
    /// `host:port`, for people.
    let subject: String
    private let context: TLSContext
    private let client: MosquittoClient
    var phase = Phase.connecting
    /// For TCP, TLS and the welcome; later for the goodbye.
    private var deadline: Instant
    private var stream: TLSStreamView?
    private var watch: PacketWatch
    var traffic: Traffic
    /// Numbers of messages that wait for an acknowledgement.
    var inFlight: Set<Int32> = []
    var inflightLimit: Int
    /// After the goodbye.
    private var closing: ClosingSocket?
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
    func adopt(_ session: OpaquePointer) {
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
        case .hungUp: finish("\(subject) hung up in the TLS handshake\(stream.systemReason)")
        case .failed:
            let error = unsafe TLSFailure.describe(
                stream.session, "connect to", host: host, subject: subject)
            finish(
                error.description,
                isRefusal: error.code == .certificate || error.code == .authentication)
        case .done:
            // libmosquitto learns that its session stands, and sends what it has kept back.
            guard client.read() == 0 else {
                return finish("libmosquitto can't use TLS with \(subject)")
            }
            phase = .greeting
            write()
        }
    }
}

// MARK: The loop

extension BrokerConnection {
    var pollRequest: PollRequest? {
        if phase == .leaving && client.descriptor < 0 { return closing?.pollRequest }
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
        lookBehindFailedWrite()
        traffic.note(
            packets: watch.packets, written: stream?.writtenBytes ?? 0, at: now)
        keepAlive(at: now)
        if phase == .leaving && client.descriptor < 0 { close() }
        if let end { return finish(end.reason, isRefusal: end.isRefusal) }
        if phase != .welcomed && phase != .over && now >= deadline { finish(lateReason) }
    }

    /// A few records at a time, so that a busy broker can't keep the loop.
    private func read() {
        for _ in 0..<4 where end == nil && mayRead {
            guard let stream else { return }
            if !stream.hasPending && !look(at: stream) { return }
            readPending(stream)
        }
    }

    /// Takes the next record, and looks at it before libmosquitto does; false where there is none.
    private func look(at stream: TLSStreamView) -> Bool {
        switch stream.peek({ (bytes) throws(PacketWatch.Fault) in try watch.see(bytes) }) {
        case .bytes: return true
        case .nothing: break
        case .fault(let fault):
            note("\(subject) breaks the protocol: \(fault)", isRefusal: true)
        case .ended: note(endedReason)
        case .failed:
            let error = unsafe TLSFailure.describe(
                stream.session, "read from", host: host, subject: subject)
            note(error.description, isRefusal: error.code == .authentication)
        }
        return false
    }

    /// Lets libmosquitto have what was looked at.
    private func readPending(_ stream: TLSStreamView) {
        let before = stream.pendingBytes
        let code = client.read()
        // Where a callback knows why, its reason is already noted.
        guard code == 0 else {
            return note("\(subject) breaks the protocol: \(libraryMessage(code))")
        }
        if client.descriptor < 0 { return note("\(subject) ended the connection") }
        guard stream.pendingBytes < before else {
            return note("libmosquitto does not read what \(subject) sends")
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

    /// Where writing failed the connection is over; but first the broker's last words.
    private func lookBehindFailedWrite() {
        guard end == nil, let stream, stream.systemError != 0 else { return }
        for _ in 0..<4 where end == nil && !events.isFull {
            if !stream.hasPending && !look(at: stream) { break }
            readPending(stream)
        }
        note(endedReason)
    }

    private func keepAlive(at now: Instant) {
        guard phase == .welcomed, end == nil, now >= traffic.nextCheck else { return }
        let code = client.checkKeepAlive()
        traffic.checked(at: now)
        if code != 0 {
            note("\(subject) does not answer any more (\(libraryMessage(code)))")
        }
    }

    /// A refused certificate can look like this too: the alert that says so is lost where our
    /// first words cross it.
    private var endedReason: String {
        phase == .greeting
            ? "\(subject) ended the connection before its welcome; it may refuse our certificate"
            : "\(subject) ended the connection\(stream?.systemReason ?? "")"
    }

    private var leftReason: String { "disconnected as asked" }

    private var lateReason: String {
        switch phase {
        case .connecting: "\(subject) does not answer: no TCP connection in time"
        case .shaking: "\(subject) does not answer: no TLS in time"
        case .greeting: "\(subject) does not answer: no welcome of MQTT in time"
        case .leaving where client.descriptor < 0: leftReason
        case .welcomed, .leaving, .over: "\(subject) took no goodbye in time"
        }
    }

    /// Remembers why the connection has to end; the first reason counts.
    func note(_ reason: String, isRefusal: Bool = false) {
        if end == nil { end = (reason, isRefusal) }
    }

    private func finish(_ reason: String, isRefusal: Bool = false) {
        guard phase != .over else { return }
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
        guard isWelcomed else { return finish(leftReason) }
        phase = .leaving
        deadline = Clocks.monotonic() + .seconds(5)
        closing = ClosingSocket(copying: client.descriptor)
        client.disconnect()
        if client.descriptor < 0 { close() }
    }

    /// The goodbye is sent, and libmosquitto has closed its socket.
    private func close() {
        if stream != nil {
            stream?.detach()
            stream = nil
            closing?.sayNothingMore()
        }
        if closing?.drain() != false { finish(leftReason) }
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
