import Digests
import Documents
import FleetModel
import JSONDocument
import ReleaseTrust
import WireMessages

@testable import DeviceLink

func device(_ text: String = "gw-1") -> DeviceID { DeviceID(text)! }

func revision(_ digits: String) -> Revision {
    Revision(String(repeating: digits, count: 40 / digits.count))!
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
