/// The bounds of everything that a client can ask for, each with its reason.
package struct HTTPBounds: Sendable {
    /// A command is the largest thing that anybody sends, and the bus carries none that is larger.
    package var bodyBytes = 64 << 10
    /// A hook's body is only hashed, not kept. GitHub tells of 2,048 commits at most, in 2 MB.
    package var hookBodyBytes = 4 << 20
    /// Room for the longest selector with every byte written as `%xx`.
    package var targetBytes = 16 << 10
    package var headerBytes = 16 << 10
    package var headerFields = 64
    /// For one request, from its head to its answer: nobody waits longer.
    package var answerTime = Duration.seconds(10)
    /// For the head of a connection's first request to arrive as a whole, with TLS's handshake.
    package var headTime = Duration.seconds(10)
    /// For a request to arrive as a whole after its head.
    package var requestTime = Duration.seconds(20)
    /// For a client to take a piece of an answer.
    package var writeTime = Duration.seconds(60)
    /// From one answer to the whole head of the next request on the same connection.
    package var idleTime = Duration.seconds(60)
    /// Each costs a descriptor and 20 kB; the next one waits in the kernel.
    package var connections = 512
    /// An eighth: a whole office behind one address, and still not everything for one who hoards.
    package var connectionsOfAnAddress = 64
    /// Of this machine, where a proxy may stand for everybody: more than listeners, fewer than all.
    package var connectionsOfThisMachine = 384
    /// Of `/v1/changes`, each a connection of its own: half of all, so that others get through.
    package var listeners = 256
    /// A listener hears something at least so often, so that both sides know of a dead line.
    package var keepAlive = Duration.seconds(15)
    /// A listener hears no more often than this, whatever happens.
    package var changePause = Duration.milliseconds(200)
    /// After it a listener must come again, and with a token that is still good.
    package var listenTime = Duration.seconds(3_600)
    /// How long requests may go on after `stop`.
    package var stopTime = Duration.seconds(5)
    /// Wrong tokens from one address at the login form that are answered as such.
    package var loginAttempts = 10
    package var loginWindow = Duration.seconds(60)
    /// How long somebody who logged in stays so.
    package var sessionTime = Duration.seconds(7 * 86_400)

    package init() {}
}
