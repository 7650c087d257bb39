internal import Digests
internal import FleetModel
internal import HTTPTypes
internal import Hummingbird

/// What a request carries to prove who sent it.
struct RequestProof: Sendable {
    let request: Request

    /// The token of `Authorization: Bearer TOKEN`.
    var bearer: Substring? {
        guard let field = request.headers[.authorization] else { return nil }
        let parts = field.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return parts[1]
    }

    func cookie(_ name: String) -> Substring? {
        for field in request.headers[values: .cookie] {
            for pair in field.split(separator: ";") {
                let halves = pair.drop { $0 == " " }.split(
                    separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                if halves.count == 2, halves[0] == name { return halves[1] }
            }
        }
        return nil
    }

    /// Whether a page of another site made the browser send it.
    var isFromOtherSite: Bool {
        guard let site = request.headers[Self.fetchSite] else { return false }
        return site != "same-origin" && site != "none"
    }

    /// How a request may prove that its sender knows the hook's token.
    enum OfHook: Equatable {
        /// It is there: as a bearer token or in GitLab's field.
        case token
        /// If the body has this code under the token, as GitHub, Gitea and Forgejo sign.
        case signature([UInt8])
        case none
    }

    func ofHook(_ token: AccessToken) -> OfHook {
        if let bearer, token.isSame(as: bearer) { return .token }
        if let text = request.headers[Self.gitlabToken], token.isSame(as: text) { return .token }
        guard let signature = request.headers[Self.hubSignature], signature.hasPrefix("sha256="),
            let code = Hex.decode(signature.dropFirst("sha256=".count)), code.count == 32
        else { return .none }
        return .signature(code)
    }

    private static let fetchSite = name("Sec-Fetch-Site")
    private static let gitlabToken = name("X-Gitlab-Token")
    private static let hubSignature = name("X-Hub-Signature-256")
}

/// The name of a header field that HTTPTypes does not know.
func name(_ text: String) -> HTTPField.Name {
    guard let name = HTTPField.Name(text) else { fatalError("`\(text)` names no header field") }
    return name
}
