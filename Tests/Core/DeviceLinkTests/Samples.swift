import Digests
import Documents
import FleetModel
import JSONDocument
import ReleaseTrust
import Signatures
import WireMessages

@testable import DeviceLink

/// A value that a test writes down rightly.
func known<Value>(_ value: Value?) -> Value {
    guard let value else { fatalError("a test's own value is wrong") }
    return value
}

func device(_ text: String = "gw-1") -> DeviceID { known(DeviceID(text)) }

func revision(_ digits: String) -> Revision {
    known(Revision(String(repeating: digits, count: 40 / digits.count)))
}

func event(
    _ sequence: Int64, _ kind: String = "confirmed", detail: String = ""
) -> DeviceEvent {
    DeviceEvent(
        sequence: sequence, kind: kind, generation: 3, revision: revision("ab"), digest: nil,
        detail: detail, at: Instant(seconds: 1_000 + sequence))
}

func parse(_ bytes: [UInt8]) throws -> Node { try JSON.parse(bytes, file: "test") }

func at(_ seconds: Int64) -> Instant { Instant(seconds: seconds) }

/// Aggregators' keys, and those of others.
let keys = (0..<4).map { _ in SigningKey.generate() }

func signed(_ content: some SignedPayload, by key: Int = 1) -> SignedMessage {
    SignedMessage(content) { bytes, namespace in keys[key].sign(bytes, namespace: namespace) }
}

func trust(
    keys trusted: [Int] = [1], head: Revision = revision("aa"),
    committed: Instant = at(1_699_950_000)
) -> LinkTrust {
    let lines = trusted.map { number in
        "aggregator-\(number)@harbour namespaces=\"flotilla-order,flotilla-ack\" "
            + keys[number].publicKey.text
    }
    return LinkTrust(
        signers: known(
            try? AllowedSigners(text: lines.joined(separator: "\n") + "\n", file: "test")),
        head: head, committed: committed)
}
