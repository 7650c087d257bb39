internal import CMosquitto

/// A reason of MQTT 5, as brokers give it.
struct ReasonCode {
    private let number: Int32

    init(_ number: Int32) { self.number = number }

    var name: String {
        guard let text = unsafe mosquitto_reason_string(number) else { return "reason \(number)" }
        return "\(unsafe String(cString: text)) (\(number))"
    }

    /// Whether the same attempt a moment later would end the same way.
    var isLasting: Bool {
        let lasting = [
            MQTT_RC_UNSUPPORTED_PROTOCOL_VERSION, MQTT_RC_CLIENTID_NOT_VALID,
            MQTT_RC_BAD_USERNAME_OR_PASSWORD, MQTT_RC_NOT_AUTHORIZED, MQTT_RC_BANNED,
            MQTT_RC_BAD_AUTHENTICATION_METHOD, MQTT_RC_SESSION_TAKEN_OVER,
            MQTT_RC_TOPIC_NAME_INVALID, MQTT_RC_PACKET_TOO_LARGE, MQTT_RC_PAYLOAD_FORMAT_INVALID,
            MQTT_RC_RETAIN_NOT_SUPPORTED, MQTT_RC_QOS_NOT_SUPPORTED, MQTT_RC_USE_ANOTHER_SERVER,
            MQTT_RC_SERVER_MOVED,
        ]
        return lasting.contains { Int32($0.rawValue) == number }
    }
}
