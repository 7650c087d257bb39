internal import DeviceLink
internal import FleetModel
internal import WireMessages

/// The broker and the way to it.
extension FleetSimulation {
    /// One hop of a message: late, lost, twice, or before those that were sent before it.
    func pass(_ event: VirtualEvent) {
        if !isHealed, generator.happens(settings.lostMessages) {
            tally("lost")
            return
        }
        plan(event, after: generator.delay(isHealed ? 20...21 : 10...400))
        if !isHealed, generator.happens(settings.doubledMessages) {
            plan(event, after: generator.delay(10...20_000))
        }
    }

    func brokerEvent(_ event: VirtualEvent) {
        switch event {
        case .brokerHears(let device, let session, let content, let isForged):
            // What was on its way when a connection ended may still come; a killed broker has
            // nobody who would take it.
            guard broker.isUp else { return }
            _ = session
            if !isForged { keep(content, of: device) }
            forward(content, of: device, isForged: isForged)
        case .brokerNotices(let device, let session):
            guard broker.isUp, let known = broker.sessions[device], known.number == session else {
                return
            }
            broker.sessions[device] = nil
            brokerTellsDeath(device, known)
        case .brokerTakesOrder(let order):
            guard broker.isUp else { return }
            broker.order = order
            for device in broker.listeners.sorted() {
                guard let session = broker.sessions[device] else { continue }
                pass(.deviceHears(device, session: session.number, .order(order)))
            }
        case .brokerTakesAcknowledgement(let device, let message):
            guard broker.isUp, let session = broker.sessions[device] else { return }
            pass(.deviceHears(device, session: session.number, .acknowledgement(message)))
        default: break
        }
    }

    private func keep(_ content: LinkMessageContent, of device: Int) {
        switch content {
        case .presence(let presence): broker.presences[device] = presence
        case .state(let state): broker.states[device] = state
        case .events: break
        }
    }

    func forward(_ content: LinkMessageContent, of device: Int, isForged: Bool) {
        guard let life = broker.aggregator else { return }
        pass(.aggregatorHears(life: life, device, content, isForged: isForged))
    }

    func brokerTellsDeath(_ device: Int, _ session: VirtualBroker.Session) {
        broker.listeners.remove(device)
        guard let will = session.will else { return }
        broker.presences[device] = will
        forward(.presence(will), of: device, isForged: false)
    }

    func brokerSubscribes(_ device: Int, session: Int, isWhole: Bool) {
        guard broker.sessions[device]?.number == session else { return }
        guard isWhole else {
            if let presence = broker.presences[device] {
                pass(.deviceHears(device, session: session, .presence(presence)))
            }
            return
        }
        broker.listeners.insert(device)
        if let order = broker.order {
            pass(.deviceHears(device, session: session, .order(order)))
        }
    }

    /// All connections end; it is back after a while.
    func restartBroker(losingWhatItKept: Bool) {
        tally("broker restart")
        for device in devices {
            guard device.session != nil else { continue }
            device.session = nil
            plan(
                .linkAnswered(device.index, life: device.life, .disconnected),
                after: generator.delay(1...2_000))
        }
        broker.restart(losingWhatItKept: losingWhatItKept)
        deafen()
        broker.isUp = true
    }
}
