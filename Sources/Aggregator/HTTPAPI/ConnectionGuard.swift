internal import HTTPTypes
internal import NIOCore
internal import NIOHTTPTypes

/// Ends a connection whose other side keeps it busy for nothing: one too many from one address, one
/// that sends its request too slowly or without an end, one that does not take its answer, and one
/// whose answer says that it is the last.
///
/// Used on one event loop only, as every channel handler.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let bounds: HTTPBounds
    private let desk: ConnectionDesk
    /// Whom it is counted for, from its begin to its end.
    private var peer: Peer?
    private var hasBegun = false
    /// For what is to arrive next: a whole head, or the rest of a request.
    private var requestDeadline: Scheduled<Void>?
    private var writeDeadline: Scheduled<Void>?
    private var ending: Scheduled<Void>?
    private var isRequestUnderWay = false
    private var unanswered = 0
    private var writesUnderWay = 0
    private var bodyBytes = 0
    private var isLast = false

    /// So that the other side reads the last answer before it learns that nobody listens any more.
    private static let lingering = TimeAmount.seconds(1)

    init(bounds: HTTPBounds, desk: ConnectionDesk) {
        self.bounds = bounds
        self.desk = desk
    }

    private func close(
        _ context: ChannelHandlerContext, in time: TimeAmount
    ) -> Scheduled<Void> {
        context.eventLoop.assumeIsolated().scheduleTask(in: time) { context.close(promise: nil) }
    }

    private func expect(_ context: ChannelHandlerContext, within time: Duration) {
        requestDeadline?.cancel()
        requestDeadline = close(context, in: TimeAmount(time))
    }
}

// MARK: From its begin to its end

extension ConnectionGuard {
    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { begin(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        begin(context)
        context.fireChannelActive()
    }

    private func begin(_ context: ChannelHandlerContext) {
        guard !hasBegun else { return }
        hasBegun = true
        if let peer = Peer(context.channel.remoteAddress) {
            guard desk.enter(peer) else {
                // Later, for the channel may still be in the making.
                ending = close(context, in: .zero)
                return
            }
            self.peer = peer
        }
        // With TLS its handshake is a part of that time.
        expect(context, within: bounds.headTime)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { end() }

    private func end() {
        requestDeadline?.cancel()
        writeDeadline?.cancel()
        ending?.cancel()
        if let peer { desk.leave(peer) }
        peer = nil
    }
}

// MARK: Requests and answers

extension ConnectionGuard {
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            isRequestUnderWay = true
            unanswered += 1
            bodyBytes = 0
            expect(context, within: bounds.requestTime)
        case .body(let buffer):
            bodyBytes += buffer.readableBytes
            // The routes say what is too much, in words; this is for what comes after that.
            if bodyBytes > 2 * max(bounds.bodyBytes, bounds.hookBodyBytes) {
                context.close(promise: nil)
                return
            }
        case .end:
            isRequestUnderWay = false
            requestDeadline?.cancel()
            expectAnother(context)
        }
        context.fireChannelRead(data)
    }

    /// The next head, whole and in time, once there is nothing more to say of the last request.
    private func expectAnother(_ context: ChannelHandlerContext) {
        if unanswered == 0 && !isRequestUnderWay { expect(context, within: bounds.idleTime) }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let part = unwrapOutboundIn(data)
        if case .head(let head) = part { isLast = head.headerFields[.connection] == "close" }
        let written = promise ?? context.eventLoop.makePromise()
        if writesUnderWay == 0 {
            writeDeadline = close(context, in: TimeAmount(bounds.writeTime))
        }
        writesUnderWay += 1
        let isEnd = if case .end = part { true } else { false }
        written.futureResult.assumeIsolated().whenComplete { _ in
            self.written(context, isEnd: isEnd)
        }
        context.write(data, promise: written)
    }

    private func written(_ context: ChannelHandlerContext, isEnd: Bool) {
        writesUnderWay -= 1
        writeDeadline?.cancel()
        writeDeadline =
            writesUnderWay > 0 ? close(context, in: TimeAmount(bounds.writeTime)) : nil
        guard isEnd else { return }
        // What is no HTTP is answered without having been a request.
        unanswered = max(0, unanswered - 1)
        if isLast {
            ending = close(context, in: Self.lingering)
        } else {
            expectAnother(context)
        }
    }
}
