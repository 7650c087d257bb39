internal import CMosquitto
internal import Glibc

/// A list of MQTT 5 properties. Owned, until libmosquitto takes it.
@safe
struct PropertyList: ~Copyable {
    private(set) var head: OpaquePointer?

    init() {}

    deinit {
        var rest = unsafe head
        unsafe mosquitto_property_free_all(&rest)
    }

    mutating func add(_ identifier: mqtt5_property, _ value: UInt32) throws(LinkError) {
        try check(unsafe mosquitto_property_add_int32(&head, identifier.number, value))
    }

    mutating func add(_ identifier: mqtt5_property, _ text: String) throws(LinkError) {
        try check(unsafe mosquitto_property_add_string(&head, identifier.number, text))
    }

    mutating func add(_ identifier: mqtt5_property, _ bytes: [UInt8]) throws(LinkError) {
        let code = unsafe bytes.withUnsafeBytes {
            unsafe mosquitto_property_add_binary(
                &head, identifier.number, $0.baseAddress, UInt16($0.count))
        }
        try check(code)
    }

    /// What a message carries besides topic and payload.
    init(of message: LinkMessage) throws(LinkError) {
        if let expiry = message.expiry {
            // An expiry of 0 would mean none to some brokers.
            let seconds = max(1, expiry.components.seconds)
            try add(MQTT_PROP_MESSAGE_EXPIRY_INTERVAL, UInt32(clamping: seconds))
        }
        if let topic = message.responseTopic { try add(MQTT_PROP_RESPONSE_TOPIC, topic) }
        if let correlation = message.correlation {
            try add(MQTT_PROP_CORRELATION_DATA, correlation)
        }
    }

    /// Hands the list to libmosquitto, which frees it.
    mutating func release() -> OpaquePointer? {
        let list = unsafe head
        unsafe head = nil
        return unsafe list
    }

    private func check(_ code: Int32) throws(LinkError) {
        guard code == MOSQ_ERR_SUCCESS.rawValue else {
            throw .failed("a property can't be added: \(libraryMessage(code))")
        }
    }
}

/// Reads the properties of a packet that came. The list belongs to libmosquitto.
@safe
struct ReceivedProperties {
    private let head: OpaquePointer?

    init(_ head: OpaquePointer?) { unsafe self.head = head }

    func text(_ identifier: mqtt5_property) -> String? {
        var pointer: UnsafeMutablePointer<CChar>?
        guard
            unsafe mosquitto_property_read_string(head, identifier.number, &pointer, false) != nil,
            let text = unsafe pointer
        else { return nil }
        defer { unsafe free(text) }
        return unsafe String(cString: text)
    }

    func bytes(_ identifier: mqtt5_property) -> [UInt8]? {
        var pointer: UnsafeMutableRawPointer?
        var count: UInt16 = 0
        guard
            unsafe mosquitto_property_read_binary(
                head, identifier.number, &pointer, &count, false) != nil
        else { return nil }
        defer { unsafe free(pointer) }
        return unsafe Array(UnsafeRawBufferPointer(start: pointer, count: Int(count)))
    }

    func byte(_ identifier: mqtt5_property) -> UInt8? {
        var value: UInt8 = 0
        let found = unsafe mosquitto_property_read_byte(head, identifier.number, &value, false)
        return unsafe found == nil ? nil : value
    }

    func number32(_ identifier: mqtt5_property) -> UInt32? {
        var value: UInt32 = 0
        let found = unsafe mosquitto_property_read_int32(head, identifier.number, &value, false)
        return unsafe found == nil ? nil : value
    }

    func number16(_ identifier: mqtt5_property) -> UInt16? {
        var value: UInt16 = 0
        let found = unsafe mosquitto_property_read_int16(head, identifier.number, &value, false)
        return unsafe found == nil ? nil : value
    }
}

extension mqtt5_property {
    fileprivate var number: Int32 { Int32(rawValue) }
}

/// What libmosquitto calls one of its error codes.
func libraryMessage(_ code: Int32) -> String {
    guard let text = unsafe mosquitto_strerror(code) else { return "error \(code)" }
    return unsafe String(cString: text)
}
