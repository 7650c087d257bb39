internal import HTTPTypes
internal import NIOCore
internal import NIOHTTPTypes

/// Ends a connection whose other side keeps it busy for nothing: one that sends its request too
/// slowly or without an end, one that does not take its answer, and one whose answer says that it
/// is the last.
///
/// Used on one event loop only, as every channel handler.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let bounds: HTTPBounds
    private var requestDeadline: Scheduled<Void>?
    private var writeDeadline: Scheduled<Void>?
    private var ending: Scheduled<Void>?
    private var writesUnderWay = 0
    private var bodyBytes = 0
    private var isLast = false

    /// So that the other side reads the last answer before it learns that nobody listens any more.
    private static let lingering = TimeAmount.seconds(1)

    init(bounds: HTTPBounds) { self.bounds = bounds }

    func handlerRemoved(context: ChannelHandlerContext) { cancelAll() }

    func channelInactive(context: ChannelHandlerContext) {
        cancelAll()
        context.fireChannelInactive()
    }

    private func cancelAll() {
        requestDeadline?.cancel()
        writeDeadline?.cancel()
        ending?.cancel()
    }

    private func close(
        _ context: ChannelHandlerContext, in time: TimeAmount
    ) -> Scheduled<Void> {
        context.eventLoop.assumeIsolated().scheduleTask(in: time) { context.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            bodyBytes = 0
            requestDeadline?.cancel()
            requestDeadline = close(context, in: TimeAmount(bounds.requestTime))
        case .body(let buffer):
            bodyBytes += buffer.readableBytes
            // The routes say what is too much, in words; this is for what comes after that.
            if bodyBytes > 2 * max(bounds.bodyBytes, bounds.hookBodyBytes) {
                context.close(promise: nil)
                return
            }
        case .end: requestDeadline?.cancel()
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let part = unwrapOutboundIn(data)
        if case .head(let head) = part { isLast = head.headerFields[.connection] == "close" }
        let written = promise ?? context.eventLoop.makePromise()
        if writesUnderWay == 0 {
            writeDeadline = close(context, in: TimeAmount(bounds.writeTime))
        }
        writesUnderWay += 1
        let isEnd = if case .end = part { isLast } else { false }
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
        if isEnd { ending = close(context, in: Self.lingering) }
    }
}
