import FleetModel
import Testing
import WireMessages

@testable import DeviceLink

@Suite struct LinkConnectionTests {
    @Test("A session begins with subscribing, birth, state and events, in this order")
    func order() {
        let bench = LinkBench()
        bench.handle(.reported(report()))
        bench.handle(.happened([event(1)]))
        let wanted = bench.connect()
        let will = bench.effects.connections[0].will
        let epoch = 2 * SessionEpochs.step
        #expect(will == Presence(online: false, epoch: epoch))
        let told = wanted.told
        #expect(wanted.contains(.subscribe(bench.subscriptions)))
        #expect(told.count == 3)
        #expect(told.first == .presence(Presence(online: true, epoch: epoch)))
        #expect(wanted.states.first?.epoch == epoch)
        #expect(wanted.batches.first?.events.map(\.sequence) == [1])
        #expect(wanted.contains(.linkChanged(isUp: true)))
    }

    @Test("A name is looked up before the first try, and again where its addresses do not answer")
    func names() {
        let bench = LinkBench(address: nil)
        #expect(bench.wait(.seconds(2)).contains(.resolve))
        #expect(bench.wait(.seconds(600)).isEmpty)
        let first = bench.handle(.resolved(["192.0.2.1", "2001:db8::1"]))
        #expect(first.connections.map(\.address) == ["192.0.2.1"])
        let second = bench.drop()
        #expect(second.connections.map(\.address) == ["2001:db8::1"])
        bench.handle(.connected)
        bench.wait(.seconds(100))
        #expect(bench.drop().connections.isEmpty)
        // What hung up is looked for where it was.
        #expect(bench.wait(.seconds(2)).connections.map(\.address) == ["2001:db8::1"])
        bench.drop()
        bench.drop()
        #expect(bench.wait(.seconds(5)).contains(.resolve))
        // A dead name server does not keep it from trying where the broker was.
        #expect(bench.handle(.resolveFailed("no answer")).connections.count == 1)
    }

    @Test("A name without an address is looked up again and again, more and more patiently")
    func noAddress() {
        let bench = LinkBench(address: nil)
        bench.wait(.seconds(2))
        for _ in 0..<20 {
            bench.handle(.resolveFailed("no such name"))
            #expect(bench.problem == "no such name")
            bench.wait(.seconds(1_000))
        }
        #expect(bench.effects.filter { $0 == .resolve }.count == 21)
    }

    @Test("A broker that hangs is given up, and the next address is tried")
    func hanging() {
        let bench = LinkBench(address: nil)
        bench.wait(.seconds(2))
        bench.handle(.resolved(["192.0.2.1", "192.0.2.2"]))
        let wanted = bench.wait(.seconds(31))
        #expect(wanted.first == .disconnect)
        #expect(wanted.connections.map(\.address) == ["192.0.2.2"])
        bench.wait(.seconds(31))
        #expect(bench.problem?.hasPrefix("no answer") == true)
    }

    @Test("Waiting grows to ten minutes, differs between devices, and is forgotten after success")
    func backingOff() {
        let pace = LinkPace(device: device())
        let other = LinkPace(device: device("gw-2"))
        #expect(
            (1...5).contains {
                pace.retryDelay(after: $0, isRefusal: false)
                    != other.retryDelay(after: $0, isRefusal: false)
            })
        for failures in 1...100 {
            let delay = pace.retryDelay(after: failures, isRefusal: false)
            #expect(delay >= .milliseconds(500) && delay <= .seconds(900))
        }
        let bench = LinkBench()
        bench.waitForTry()
        var waited: [Duration] = []
        for _ in 0..<15 {
            bench.drop()
            waited.append(bench.waitForTry())
        }
        #expect(waited[0] < .seconds(2))
        #expect(waited[14] >= .seconds(300))
        bench.handle(.connected)
        bench.wait(.seconds(61))
        bench.drop()
        #expect(bench.wait(.seconds(2)).connections.count == 1)
    }

    @Test("Every connection has an epoch of its own, and the disk hears of it once")
    func epochs() {
        let bench = LinkBench()
        for _ in 0..<50 {
            bench.waitForTry()
            bench.handle(.connected)
            bench.wait(.seconds(70))
            bench.drop()
        }
        let epochs = bench.effects.presences.map(\.epoch)
        #expect(epochs.count == 50)
        #expect(zip(epochs, epochs.dropFirst()).allSatisfy(<))
        #expect(
            bench.effects.filter { if case .keepEpoch = $0 { true } else { false } }
                == [.keepEpoch(2 * SessionEpochs.step)])
    }

    @Test("A life with very many connections never meets the epochs of the next life")
    func manyEpochs() {
        var epochs = SessionEpochs(memory: 5)
        var last: Int64 = 0
        for _ in 0..<200_000 {
            let epoch = epochs.take()
            #expect(epoch.map { $0 > last } == true)
            last = epoch ?? 0
        }
        var next = SessionEpochs(memory: epochs.kept)
        #expect(next.take().map { $0 > last } == true)
    }

    @Test("Each life on a disk that keeps nothing has epochs of its own, above those of all before")
    func fullDisk() {
        var seen: [Int64] = [4 * SessionEpochs.step]
        for life in Int64(0)..<4 {
            // The disk says the same each time, and the time has gone on.
            let wall = at(1_700_000_000 + life * 3_600)
            let bench = LinkBench(epoch: 1 << 16, wall: wall, refusesEpochs: true)
            bench.waitForTry()
            bench.handle(.connected)
            bench.wait(.seconds(70))
            bench.drop()
            bench.waitForTry()
            bench.handle(.connected)
            let epochs = bench.effects.presences.map(\.epoch)
            #expect(epochs.count == 2)
            #expect(bench.effects.connections.last?.will?.epoch == epochs.last)
            // Tried again without end, and answered once.
            #expect(bench.effects.count { if case .keepEpoch = $0 { true } else { false } } == 2)
            seen += epochs
        }
        #expect(zip(seen, seen.dropFirst()).allSatisfy(<), "\(seen)")
    }

    @Test("With a clock that is behind, the time since the start tells lives on a full disk apart")
    func fullDiskWithoutClock() {
        let epochs = [Int64(100), 160, 220].map { started -> Int64? in
            let bench = LinkBench(
                epoch: 1 << 42, wall: at(0), started: at(started), refusesEpochs: true)
            bench.waitForTry()
            bench.handle(.connected)
            return bench.currentEpoch
        }
        #expect(Set(epochs).count == 3 && !epochs.contains(nil))
        #expect(epochs.allSatisfy { $0.map { $0 > 1 << 42 } == true })
    }

    @Test("Where the epoch is refused after the link is up, the session stands")
    func lateRefusal() {
        let bench = LinkBench()
        bench.connect()
        let epoch = bench.currentEpoch
        #expect(bench.handle(.epochNotKept).count == 1)
        #expect(bench.currentEpoch == epoch && bench.isUp)
    }

    @Test("An epoch that no device comes to is not believed, whoever tells it")
    func hostileEpochs() {
        let forgetful = LinkBench(epoch: nil)
        forgetful.connect()
        forgetful.handle(.subscribed)
        let told = forgetful.handle(.recalled(Presence(online: false, epoch: .max)))
        #expect(told.connections.isEmpty && told.count == 1)
        // The clock gives the epoch, as where nobody remembers.
        let epoch = forgetful.wait(.seconds(4)).connections.first?.will?.epoch ?? 0
        #expect(epoch > 1_700_000_000_000 && epoch < 1_700_001_000_000)

        let bench = LinkBench()
        bench.handle(.happened([event(1)]))
        bench.connect()
        let known = bench.currentEpoch
        for _ in 0..<3 { bench.acknowledge(upto: 1, knownEpoch: SessionEpochs.highest + 1) }
        #expect(bench.isUp && bench.currentEpoch == known)
        #expect(bench.effects.count { if case .say = $0 { true } else { false } } == 1)
        // What was heard was heard.
        #expect(bench.outbox.isEmpty)
    }

    @Test("A device without memory takes up what the broker kept of it")
    func recalled() {
        let bench = LinkBench(epoch: nil)
        let wanted = bench.connect()
        #expect(bench.effects.connections[0].will == nil)
        #expect(wanted == [.subscribe([LinkBench.topics.presence(device())])])
        bench.handle(.subscribed)
        let again = bench.handle(.recalled(Presence(online: false, epoch: 9_000_000)))
        let epoch = 9_000_000 + SessionEpochs.step
        #expect(again.first == .keepEpoch(epoch))
        #expect(again.contains(.disconnect))
        #expect(again.connections.first?.will == Presence(online: false, epoch: epoch))
        #expect(bench.handle(.connected).presences == [Presence(online: true, epoch: epoch)])
        #expect(bench.outbox.origin == epoch)
    }

    @Test("Where nobody remembers, the clock gives the epoch")
    func nobodyRemembers() {
        let bench = LinkBench(epoch: nil)
        bench.connect()
        bench.handle(.subscribed)
        let wanted = bench.wait(.seconds(4))
        let epoch = wanted.connections.first?.will?.epoch ?? 0
        #expect(epoch > 1_700_000_000_000 && epoch < 1_700_001_000_000)
    }

    @Test("An aggregator that knows a later life makes the device begin anew and tell all again")
    func tooLow() {
        let bench = LinkBench()
        bench.handle(.happened([event(1), event(2)]))
        bench.connect()
        let old = bench.currentEpoch ?? 0
        bench.acknowledge(upto: 1, knownEpoch: old + 500)
        #expect(bench.outbox.count == 2)
        let will = bench.effects.connections.last?.will
        #expect(will.map { $0.epoch > old + 500 } == true)
        #expect(bench.effects.suffix(6).contains(.linkChanged(isUp: false)))
        let wanted = bench.handle(.connected)
        #expect(wanted.batches.first?.epoch == bench.outbox.origin)
        #expect(wanted.batches.first.map { $0.epoch > old + 500 } == true)
        #expect(wanted.batches.first?.events.map(\.sequence) == [1, 2])
        // Who says it again at once is not followed: that would be a device with our name.
        bench.acknowledge(upto: 0, knownEpoch: (bench.currentEpoch ?? 0) + 500)
        #expect(bench.isUp)
    }

    @Test("An acknowledgement of more than there ever was begins a new count")
    func heardMore() {
        let bench = LinkBench()
        bench.handle(.happened([event(1)]))
        bench.connect()
        let origin = bench.outbox.origin ?? 0
        bench.acknowledge(upto: 50)
        #expect(bench.outbox.count == 1)
        #expect(bench.outbox.origin.map { $0 > origin } == true)
    }

    @Test("An orderly end says good-bye, and waits for the broker, but not for ever")
    func leaving() {
        let bench = LinkBench()
        bench.connect()
        let epoch = bench.currentEpoch ?? 0
        let wanted = bench.handle(.stop)
        #expect(wanted.presences == [Presence(online: false, epoch: epoch)])
        #expect(!bench.hasLeft)
        #expect(bench.handle(.settled) == [.disconnect])
        #expect(bench.hasLeft)

        let slow = LinkBench()
        slow.connect()
        slow.handle(.stop)
        #expect(slow.wait(.seconds(3)) == [.disconnect])
        #expect(slow.hasLeft)

        let down = LinkBench()
        down.handle(.stop)
        #expect(down.hasLeft)
        #expect(down.wait(.seconds(1_000)).isEmpty)
    }

    @Test("A way to the broker that was changed is tried at once: what stands is ended, in order")
    func reconnects() {
        let bench = LinkBench()
        bench.connect()
        let wanted = bench.handle(.reconnect)
        #expect(wanted.contains(.linkChanged(isUp: false)))
        #expect(wanted.contains(.disconnect))
        #expect(wanted.connections.count == 1)
        #expect(bench.handle(.connected).contains(.linkChanged(isUp: true)))
    }

    @Test("A link that has given up for a while tries at once, and from the beginning")
    func reconnectsWhileWaiting() {
        let bench = LinkBench()
        bench.connect()
        bench.drop()
        for _ in 0..<12 {
            bench.waitForTry()
            bench.drop()
        }
        #expect(bench.handle(.reconnect).connections.count == 1)
        bench.drop()
        #expect(bench.waitForTry() <= .seconds(2))
    }
}
