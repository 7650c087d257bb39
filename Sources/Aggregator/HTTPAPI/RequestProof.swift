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

    /// Whether the hook's token is proven: itself as a bearer token or in GitLab's field, or the
    /// signature that GitHub, Gitea and Forgejo make of the body with it.
    func provesHook(_ token: AccessToken, bodyCode: [UInt8]) -> Bool {
        if let bearer, token.isSame(as: bearer) { return true }
        if let text = request.headers[Self.gitlabToken], token.isSame(as: text) { return true }
        guard let signature = request.headers[Self.hubSignature], signature.hasPrefix("sha256="),
            let code = Hex.decode(signature.dropFirst("sha256=".count))
        else { return false }
        return isSame(code, bodyCode)
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
