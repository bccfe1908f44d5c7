//! A client, a server, what lies between them, and time.

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::VecDeque;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use stun_types::message::MessageClass;
use zentalk_ice_nat::turn::{
    TlsTrust, TurnClient, TurnConfig, TurnCredentials, TurnEnd, TurnEvent, TurnInput, TurnOutput,
};
use zentalk_primitives::Instant;

use super::messages::parse;
use super::server::{PASSWORD, Server, USERNAME};
use super::stream::Gateway;

/// Sees each of the client's requests before the server does. `Some`: these are the answers, and the server hears nothing.
pub(crate) type Script = Box<dyn FnMut(&[u8]) -> Option<Vec<Vec<u8>>>>;

pub(crate) struct World {
    pub(crate) now: Instant,
    pub(crate) client: TurnClient,
    pub(crate) server: Server,
    pub(crate) script: Option<Script>,
    /// Somebody on the path, who answers faster than the server.
    pub(crate) forger: Option<Script>,
    /// In percent, each way.
    pub(crate) loss: u32,
    pub(crate) one_way: Duration,
    /// Into what pieces the network cuts a stream to the client.
    pub(crate) piece: usize,
    /// What the client sent, as messages, lost ones included.
    pub(crate) sent: Vec<Vec<u8>>,
    pub(crate) events: Vec<(Instant, TurnEvent)>,
    gateway: Gateway,
    rng: ChaCha8Rng,
    wake: Option<Instant>,
    to_server: VecDeque<(Instant, Vec<u8>)>,
    to_client: VecDeque<(Instant, Vec<u8>)>,
}

impl World {
    pub(crate) fn udp(seed: u64) -> Self {
        let config = TurnConfig::udp(local(), listen(), credentials());
        Self::new(seed, config, Gateway::Datagrams)
    }

    pub(crate) fn tcp(seed: u64) -> Self {
        let config = TurnConfig::tcp(local(), listen(), credentials());
        Self::new(seed, config, Gateway::tcp())
    }

    pub(crate) fn tls(seed: u64, name: &str, trust: TlsTrust, gateway: Gateway) -> Self {
        let config = TurnConfig::tls(local(), listen(), credentials(), name, trust);
        Self::new(seed, config, gateway)
    }

    pub(crate) fn new(seed: u64, config: TurnConfig, gateway: Gateway) -> Self {
        let now = Instant::from_millis(1_000);
        let mut world = Self {
            now,
            client: TurnClient::new(now, config).unwrap(),
            server: Server::new(listen()),
            script: None,
            forger: None,
            loss: 0,
            one_way: Duration::from_millis(10),
            piece: usize::MAX,
            sent: Vec::new(),
            events: Vec::new(),
            gateway,
            rng: ChaCha8Rng::seed_from_u64(seed),
            wake: None,
            to_server: VecDeque::new(),
            to_client: VecDeque::new(),
        };
        world.wake = Some(now);
        world
    }

    /// With an allocation.
    #[must_use]
    pub(crate) fn allocated(mut self) -> Self {
        self.drain();
        self.run(Duration::from_secs(4));
        assert!(self.relayed().is_some(), "{:?}", self.events);
        self
    }

    pub(crate) fn script(&mut self, script: impl FnMut(&[u8]) -> Option<Vec<Vec<u8>>> + 'static) {
        self.script = Some(Box::new(script));
    }

    pub(crate) fn permit(&mut self, peer: SocketAddr) {
        self.client.permit(self.now, peer);
        self.drain();
    }

    pub(crate) fn bind_channel(&mut self, peer: SocketAddr) {
        self.client.bind_channel(self.now, peer);
        self.drain();
    }

    pub(crate) fn send(&mut self, peer: SocketAddr, payload: &[u8]) {
        self.client.send(self.now, peer, payload);
        self.drain();
    }

    pub(crate) fn release(&mut self) {
        self.client.release(self.now);
        self.drain();
    }

    pub(crate) fn close(&mut self) {
        self.client.handle_input(self.now, TurnInput::Closed);
        self.drain();
    }

    pub(crate) fn peer_sends(&mut self, peer: SocketAddr, payload: &[u8]) {
        let relayed = self.server.relayed.iter().find(|to| to.is_ipv4() == peer.is_ipv4());
        self.server.peer_sends(self.now, peer, *relayed.unwrap(), payload);
        self.collect_answers();
    }

    /// Anybody's bytes, at once.
    pub(crate) fn inject(&mut self, bytes: &[u8]) {
        self.client.handle_input(self.now, TurnInput::Received(bytes));
        self.drain();
    }

    pub(crate) fn run(&mut self, duration: Duration) {
        let end = self.now + duration;
        let mut idle = 0;
        self.drain();
        while let Some(next) = self.next().filter(|at| *at <= end) {
            idle = if next > self.now { 0 } else { idle + 1 };
            assert!(idle < 2_000, "time stands still");
            self.now = self.now.max(next);
            self.server.advance(self.now);
            self.collect_answers();
            self.deliver();
            if self.wake.is_some_and(|at| at <= self.now) {
                self.client.handle_timeout(self.now);
                self.drain();
            }
        }
        self.now = end;
    }

    pub(crate) fn relayed(&self) -> Option<SocketAddr> {
        self.events.iter().find_map(|(_, event)| match event {
            TurnEvent::Allocated { relayed, .. } => Some(*relayed),
            _ => None,
        })
    }

    pub(crate) fn allocated_at(&self) -> Option<Instant> {
        let is_it = |event: &TurnEvent| matches!(event, TurnEvent::Allocated { .. });
        self.events.iter().find(|(_, event)| is_it(event)).map(|(at, _)| *at)
    }

    pub(crate) fn end(&self) -> Option<TurnEnd> {
        self.events.iter().find_map(|(_, event)| match event {
            TurnEvent::Ended(end) => Some(*end),
            _ => None,
        })
    }

    pub(crate) fn ended_at(&self) -> Option<Instant> {
        let is_it = |event: &TurnEvent| matches!(event, TurnEvent::Ended(_));
        self.events.iter().find(|(_, event)| is_it(event)).map(|(at, _)| *at)
    }

    /// What peers sent, as the client gave it.
    pub(crate) fn data(&self) -> Vec<(SocketAddr, Vec<u8>)> {
        let data = self.events.iter().filter_map(|(_, event)| match event {
            TurnEvent::Data { peer, payload } => Some((*peer, payload.clone())),
            _ => None,
        });
        data.collect()
    }

    fn next(&self) -> Option<Instant> {
        let arrivals =
            [&self.to_server, &self.to_client].map(|queue| queue.front().map(|(at, _)| *at));
        arrivals.into_iter().chain([self.wake]).flatten().min()
    }

    fn deliver(&mut self) {
        while let Some((_, bytes)) = self.to_server.pop_front_if(|(at, _)| *at <= self.now) {
            for message in self.gateway.receive(&bytes) {
                self.request(&message);
            }
            self.collect_answers();
        }
        while let Some((_, bytes)) = self.to_client.pop_front_if(|(at, _)| *at <= self.now) {
            bytes.chunks(self.piece).for_each(|piece| self.inject(piece));
        }
    }

    fn request(&mut self, message: &[u8]) {
        self.sent.push(message.to_vec());
        let is_request = parse(message).is_some_and(|m| m.has_class(MessageClass::Request));
        let forger = self.forger.as_mut().filter(|_| is_request);
        self.server.to_client.extend(forger.and_then(|forger| forger(message)).unwrap_or_default());
        let script = self.script.as_mut().filter(|_| is_request);
        match script.and_then(|script| script(message)) {
            Some(answers) => self.server.to_client.extend(answers),
            None => self.server.client_sends(self.now, mapped(), message),
        }
    }

    fn collect_answers(&mut self) {
        let arrival = self.now + self.one_way;
        for message in core::mem::take(&mut self.server.to_client) {
            if !self.is_lost() {
                self.to_client.push_back((arrival, self.gateway.wrap(message)));
            }
        }
        let handshake = self.gateway.take_output();
        if !handshake.is_empty() {
            self.to_client.push_back((arrival, handshake));
        }
    }

    /// Drains to `Timeout`, as the contract says.
    fn drain(&mut self) {
        for _ in 0..10_000 {
            match self.client.poll_output() {
                TurnOutput::Send(bytes) => {
                    if !self.is_lost() {
                        self.to_server.push_back((self.now + self.one_way, bytes));
                    }
                }
                TurnOutput::Event(event) => self.events.push((self.now, event)),
                TurnOutput::Timeout(at) => {
                    self.wake = at;
                    return;
                }
            }
        }
        panic!("output without end");
    }

    fn is_lost(&mut self) -> bool {
        self.rng.next_u32() % 100 < self.loss
    }
}

pub(crate) fn credentials() -> TurnCredentials {
    TurnCredentials::new(USERNAME, PASSWORD.to_owned())
}

pub(crate) fn local() -> SocketAddr {
    SocketAddr::from(([10, 0, 0, 2], 5_000))
}

/// The client, as the server sees it.
pub(crate) fn mapped() -> SocketAddr {
    SocketAddr::from(([198, 51, 100, 7], 60_000))
}

pub(crate) fn listen() -> SocketAddr {
    SocketAddr::from(([203, 0, 113, 1], 3_478))
}

pub(crate) fn peer(host: u8) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, host], 40_000))
}
