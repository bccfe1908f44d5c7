//! A seeded network of two sessions.

use core::time::Duration;
use std::collections::BTreeMap;

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use zentalk_primitives::{Instant, UnixTime};
use zentalk_rtp_session::{
    Datagram, Error, Event, Input, MediaKind, Output, ReceiveStreamConfig, ReceiveStreamId,
    ReceivedPacket, RtpSession, SendStreamConfig, SendStreamId, SessionConfig,
};

pub(crate) const A: usize = 0;
pub(crate) const B: usize = 1;

pub(crate) const VIDEO_SSRC: u32 = 0x1000;
pub(crate) const RTX_SSRC: u32 = 0x1001;

/// How the network treats datagrams, both ways.
#[derive(Clone, Copy)]
pub(crate) struct Conditions {
    pub(crate) delay: Duration,
    /// Added at random, which reorders.
    pub(crate) jitter: Duration,
    pub(crate) loss_percent: u32,
    pub(crate) duplicate_percent: u32,
}

impl Conditions {
    pub(crate) fn clean(delay_millis: u64) -> Self {
        Self {
            delay: Duration::from_millis(delay_millis),
            jitter: Duration::ZERO,
            loss_percent: 0,
            duplicate_percent: 0,
        }
    }
}

pub(crate) struct Peer {
    pub(crate) session: RtpSession,
    pub(crate) events: Vec<(Instant, Event)>,
    pub(crate) sent: Vec<(Instant, Datagram)>,
    timeout: Option<Instant>,
}

impl Peer {
    pub(crate) fn new(now: Instant, seed: u64) -> Self {
        let config = SessionConfig::new(UnixTime::from_millis(1_700_000_000_000));
        let session = RtpSession::new(now, config, &mut rng(seed)).unwrap();
        Self { session, events: vec![], sent: vec![], timeout: None }
    }

    pub(crate) fn packets(&self) -> impl Iterator<Item = &ReceivedPacket> {
        self.events.iter().filter_map(|(_, event)| match event {
            Event::Packet(packet) => Some(packet),
            _ => None,
        })
    }

    pub(crate) fn count(&self, matches: impl Fn(&Event) -> bool) -> usize {
        self.events.iter().filter(|(_, event)| matches(event)).count()
    }

    /// Drains the session; what it transmits is both kept and returned.
    pub(crate) fn drain(&mut self, now: Instant) -> Vec<Datagram> {
        let mut transmitted = vec![];
        loop {
            match self.session.poll_output() {
                Output::Transmit(datagram) => {
                    self.sent.push((now, datagram.clone()));
                    transmitted.push(datagram);
                }
                Output::Event(event) => self.events.push((now, event)),
                Output::Timeout(timeout) => {
                    self.timeout = timeout;
                    return transmitted;
                }
            }
        }
    }
}

pub(crate) struct Network {
    pub(crate) now: Instant,
    pub(crate) peers: [Peer; 2],
    pub(crate) conditions: Conditions,
    rng: ChaCha20Rng,
    in_flight: BTreeMap<(Instant, u64), (usize, Datagram)>,
    counter: u64,
}

impl Network {
    pub(crate) fn new(seed: u64, conditions: Conditions) -> Self {
        let now = Instant::from_millis(1_000_000);
        let peers = [Peer::new(now, seed), Peer::new(now, seed + 1)];
        let rng = rng(seed + 2);
        Self { now, peers, conditions, rng, in_flight: BTreeMap::new(), counter: 0 }
    }

    /// A video stream from A to B, with RTX or without; and one back, so that both measure.
    pub(crate) fn with_video(
        seed: u64,
        conditions: Conditions,
        rtx: bool,
    ) -> (Self, SendStreamId, ReceiveStreamId) {
        let mut network = Self::new(seed, conditions);
        let now = network.now;
        let mut config = SendStreamConfig::new(VIDEO_SSRC, 96, 90_000).mid(1, "1");
        if rtx {
            config = config.rtx(RTX_SSRC, 97);
        }
        let [a, b] = &mut network.peers;
        let send = a.session.add_send_stream(config, &mut rng(seed)).unwrap();
        let config =
            ReceiveStreamConfig::new(MediaKind::Video, 90_000).format(96, Some(97)).mid(1, "1");
        let receive = b.session.add_receive_stream(now, config).unwrap();
        (network, send, receive)
    }

    /// Sends one packet from `from`.
    pub(crate) fn send(
        &mut self,
        from: usize,
        stream: SendStreamId,
        timestamp: u32,
        marker: bool,
        payload: &[u8],
    ) {
        self.peers[from].session.send(self.now, stream, timestamp, marker, payload).unwrap();
        self.drain(from);
    }

    /// Lets time pass.
    pub(crate) fn run_for(&mut self, duration: Duration) {
        self.run_until(self.now + duration);
    }

    pub(crate) fn run_until(&mut self, end: Instant) {
        loop {
            let arrival = self.in_flight.keys().next().map(|(at, _)| *at);
            let timers = self.peers.iter().filter_map(|peer| peer.timeout);
            let Some(next) = timers.chain(arrival).min().filter(|next| *next <= end) else { break };
            self.now = next.max(self.now);
            if arrival == Some(next) {
                let (_, (to, datagram)) = self.in_flight.pop_first().unwrap();
                self.deliver(to, &datagram);
                self.drain(to);
            }
            for peer in [A, B] {
                if self.peers[peer].timeout.is_some_and(|at| at <= self.now) {
                    self.peers[peer].session.handle_timeout(self.now);
                    self.drain(peer);
                    let left = self.peers[peer].timeout;
                    assert!(left.is_none_or(|at| at > self.now), "due but not done");
                }
            }
        }
        self.now = end;
    }

    /// Drains a peer after a command and puts what it transmits on its way.
    pub(crate) fn drain(&mut self, from: usize) {
        for datagram in self.peers[from].drain(self.now) {
            if self.chance(self.conditions.loss_percent) {
                continue;
            }
            if self.chance(self.conditions.duplicate_percent) {
                self.launch(1 - from, datagram.clone());
            }
            self.launch(1 - from, datagram);
        }
    }

    fn deliver(&mut self, to: usize, datagram: &Datagram) {
        let input = match datagram {
            Datagram::Rtp(bytes) => Input::Rtp(bytes),
            Datagram::Rtcp(bytes) => Input::Rtcp(bytes),
        };
        let result = self.peers[to].session.handle_input(self.now, input);
        assert!(matches!(result, Ok(()) | Err(Error::Closed)), "{result:?}");
    }

    fn launch(&mut self, to: usize, datagram: Datagram) {
        let jitter = self.conditions.jitter.as_micros() as u64;
        let extra = if jitter == 0 { 0 } else { self.rng.next_u64() % jitter };
        let at = self.now + self.conditions.delay + Duration::from_micros(extra);
        self.counter += 1;
        self.in_flight.insert((at, self.counter), (to, datagram));
    }

    fn chance(&mut self, percent: u32) -> bool {
        percent > 0 && self.rng.next_u32() % 100 < percent
    }
}

/// Sends `frames` video frames at 30 a second, five packets each; the payloads are numbered.
pub(crate) fn send_video(network: &mut Network, stream: SendStreamId, frames: u32) {
    for frame in 0..frames {
        for part in 0..5 {
            let mut payload = vec![0x55; 1_000];
            payload[..4].copy_from_slice(&(frame * 5 + part).to_be_bytes());
            network.send(A, stream, frame * 3_000, part == 4, &payload);
        }
        network.run_for(Duration::from_micros(33_333));
    }
}

/// The numbers of `send_video`'s payloads that arrived, in order of arrival.
pub(crate) fn numbers(peer: &Peer) -> Vec<u32> {
    peer.packets().map(|p| u32::from_be_bytes(p.payload[..4].try_into().unwrap())).collect()
}

pub(crate) fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}
