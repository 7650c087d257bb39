import FleetModel
import Foundation
import HealthProbes
import NetworkProbes
import Synchronization
import TestSupport
import Testing

@Suite struct NetworkProbeTests {
    @Test("the expected status passes, another fails and both are told")
    func status() throws {
        let server = try SocketServer(
            answering: "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
        #expect(http(server, status: 503) == ProbeResult(passed: true, detail: "status 503"))
        #expect(
            http(server) == ProbeResult(passed: false, detail: "status 503; expected 200"))
    }

    @Test("a redirect is not followed, and where it leads is told")
    func redirect() throws {
        let server = try SocketServer(
            answering: "HTTP/1.1 301 Moved\r\nLocation: \t https://example.org/ \r\n\r\n")
        let result = http(server)
        #expect(!result.passed)
        #expect(result.detail.contains("301 to https://example.org/, and"))
    }

    @Test("the request is one that any server understands")
    func request() throws {
        let seen = Mutex("")
        let server = try SocketServer { connection in
            let request = connection.readRequest()
            seen.withLock { $0 = request }
            _ = connection.send("HTTP/1.1 204 No Content\r\n\r\n".utf8)
        }
        #expect(http(server, path: "/health?full=1#part", status: 204).passed)
        #expect(
            seen.withLock { $0 }
                == "GET /health?full=1 HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\nUser-Agent: flotilla-worker\r\nAccept: */*\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n"
        )
    }

    @Test(
        "the text is found however the server marks the body's end",
        arguments: [
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nall good\n",
            "HTTP/1.0 200 OK\r\n\r\nall good\n",
            "HTTP/1.1 200 OK\nContent-Length: 9\n\nall good\n",
            "HTTP/1.1 200\r\ntransfer-encoding: Chunked\r\n\r\n4\r\nall \r\n05;a=b\r\ngood\n\r\n0\r\n\r\n",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\nall good",
        ])
    func body(answer: String) throws {
        let server = try SocketServer(answering: answer)
        #expect(http(server, contains: "all good").passed)
        let result = http(server, contains: "all bad")
        #expect(!result.passed && result.detail.contains("`all bad` is not in the"))
    }

    @Test("the text is searched in bytes that are no text")
    func binaryBody() throws {
        let server = try SocketServer(
            answering: Array("HTTP/1.0 200 OK\r\n\r\n".utf8) + [0xff, 0, 0xc3]
                + Array("näh".utf8) + [0xfe])
        #expect(http(server, contains: "näh").passed)
    }

    @Test("of a long body the first 64 KiB count")
    func longBody() throws {
        let head = "HTTP/1.0 200 OK\r\n\r\n"
        let filler = String(repeating: "x", count: Limits.probedBytes - 3)
        let inside = try SocketServer(answering: head + filler + "end")
        let outside = try SocketServer(answering: head + filler + ".end")
        #expect(http(inside, contains: "end").passed)
        let result = http(outside, contains: "end")
        #expect(!result.passed && result.detail.contains("64 KiB"))
    }

    @Test("a server that keeps the connection open is not waited for")
    func keepAlive() throws {
        for answer in [
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\r\nok and more to come",
        ] {
            let server = try SocketServer { connection in
                _ = connection.readRequest()
                _ = connection.send(answer.utf8)
                connection.waitUntilClosed()
            }
            let (result, time) = measured { http(server, contains: "ok") }
            #expect(result.passed && time < .seconds(10))
            // Without a text the body is not even read.
            #expect(http(server).passed)
        }
    }

    @Test("a refused port fails at once with the reason", arguments: [true, false])
    func refused(isHTTP: Bool) throws {
        let port = try SocketServer.unusedPort()
        let (result, time) = measured {
            isHTTP ? http(url: "http://127.0.0.1:\(port)/") : tcp("127.0.0.1", port)
        }
        #expect(!result.passed && time < .seconds(10))
        #expect(result.detail.contains("127.0.0.1:\(port)"))
        #expect(result.detail.contains("refused"))
    }

    @Test("an accepted connection is all that a TCP check wants")
    func tcpAccepts() throws {
        let server = try SocketServer { $0.waitUntilClosed() }
        server.serving { port in
            #expect(tcp("127.0.0.1", port).passed)
            #expect(tcp("localhost", port).passed)
        }
        let noName = tcp("no name", 80)
        #expect(!noName.passed && noName.detail.contains("no host name"))
    }

    @Test(
        "a server that hangs or drips meets the deadline, wherever it is",
        arguments: [
            "", "H", "HTTP/1.1 200 OK\r\nX", "HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\nx",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n",
        ], [true, false])
    func deadline(beginning: String, drips: Bool) throws {
        let server = try SocketServer { connection in
            _ = connection.readRequest()
            _ = connection.send(beginning.utf8)
            if drips { connection.drip("1", every: 0.05) } else { connection.waitUntilClosed() }
        }
        let (result, time) = measured {
            http(server, contains: "never", timeout: .milliseconds(400))
        }
        #expect(!result.passed)
        // A drip of ones soon makes a head that is no HTTP, or a chunk that lies about its size.
        if !drips {
            #expect(result.detail.contains("not finished in time (400ms)"), "\(result.detail)")
            #expect(time >= .milliseconds(400))
        }
        #expect(time < .seconds(10))
    }

    @Test("a drip without end meets the deadline too")
    func slowDrip() throws {
        let server = try SocketServer { connection in
            _ = connection.readRequest()
            _ = connection.send("HTTP/1.1 200 OK\r\n".utf8)
            connection.drip("X-Slow: 1\r\n", every: 0.02)
        }
        let (result, time) = measured { http(server, timeout: .milliseconds(400)) }
        #expect(result.detail.contains("not finished in time (400ms)"), "\(result.detail)")
        #expect(time >= .milliseconds(400) && time < .seconds(10))
    }

    @Test("a head without end is cut off at 32 KiB")
    func hugeHead() throws {
        for piece in ["X-Long: \(String(repeating: "x", count: 1_000))\r\n", "x", "\r\nX:"] {
            let server = try SocketServer { connection in
                _ = connection.readRequest()
                _ = connection.send("HTTP/1.1 200 OK\r\nX:".utf8)
                while connection.send(String(repeating: piece, count: 64).utf8) {}
            }
            let (result, time) = measured { http(server) }
            #expect(!result.passed && time < .seconds(10))
            #expect(result.detail.contains("32 KiB"), "\(result.detail)")
        }
    }

    @Test(
        "what is no whole HTTP answer fails with the reason",
        arguments: [
            ("", "without an answer"), ("SSH-2.0-OpenSSH_9.2\r\n", "no HTTP"),
            ("HTTP/2 200\r\n\r\n", "no HTTP"), ("HTTP/1.1 2000 OK\r\n\r\n", "no HTTP"),
            ("HTTP/1.1 099 OK\r\n\r\n", "no HTTP"), ("HTTP/1.1 -20 OK\r\n\r\n", "no HTTP"),
            ("HTTP/1.1 200 OK\r\nX: y\r\n", "in the middle"),
            ("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "no colon"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nx", "in the middle"),
            ("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nx", "Content-Length"),
            ("HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nx", "Content-Length"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", "Content-Length"),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
                "Content-Length"
            ),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "Transfer-Encoding"),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok", "in the middle"),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "size is no number"),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nx", "size is no number"),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx",
                "size is no number"
            ),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxyz",
                "longer than it says"
            ),
        ])
    func broken(answer: String, reason: String) throws {
        let server = try SocketServer(answering: answer)
        let result = http(server, contains: "never")
        #expect(!result.passed)
        #expect(result.detail.contains(reason), "\(result.detail)")
    }

    @Test("what a server says is told as one line, however long and coloured")
    func hostileLocation() throws {
        let location = "\u{1b}[31m" + String(repeating: "é", count: 10_000)
        let server = try SocketServer(
            answering: "HTTP/1.1 302 x\r\nLocation: \(location)\r\n\r\n")
        let result = http(server)
        #expect(!result.passed && result.detail.utf8.count <= Limits.reasonBytes)
        #expect(!result.detail.unicodeScalars.contains { $0.value < 0x20 })
    }

    @Test(
        "a URL that can't be asked for fails without a connection",
        arguments: [
            "", "ftp://a/", "http://", "http:///x", "http://a b/", "http://a/\r\nX: y", "//a/",
            "http://user:secret@127.0.0.1/", "http://a:0/", "http://a:65536/", "http://a:+80/",
            "http://a:/", "http://[::1/", "http://[::1]x/", "HTTP://a/", "http://ä/",
        ])
    func badURL(url: String) {
        let result = http(url: url)
        #expect(!result.passed && result.detail.contains("URL"), "\(result.detail)")
        #expect(!result.detail.contains("secret"))
    }

    @Test("checks of other kinds are none of its business")
    func otherKinds() {
        let check = HealthCheck(name: "c", bundle: "b", probe: .unit("x.service"))
        #expect(!NetworkProbe().run(check).passed)
    }
}
