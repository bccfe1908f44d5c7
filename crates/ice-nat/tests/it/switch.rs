//! A network in memory: delay, loss, NATs and a STUN server.

use std::collections::{BTreeMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use stun_types::attribute::XorMappedAddress;
use stun_types::message::{Message, MessageWrite, MessageWriteExt, MessageWriteVec};
use zentalk_primitives::{Instant, Transmit};

/// Who may answer to a mapping.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Filter {
    /// Anyone.
    FullCone,
    /// Addresses and ports that were sent to.
    PortRestricted,
}

/// A NAT with endpoint-independent mapping in front of every address in `inside`.
pub(crate) struct Nat {
    public: IpAddr,
    inside: Vec<IpAddr>,
    filter: Filter,
    keeps_port: bool,
    mappings: Vec<(SocketAddr, SocketAddr)>,
    contacted: HashSet<(SocketAddr, SocketAddr)>,
}

impl Nat {
    pub(crate) fn new(public: &str, inside: &str, filter: Filter) -> Self {
        Self {
            public: public.parse().unwrap(),
            inside: vec![inside.parse().unwrap()],
            filter,
            keeps_port: false,
            mappings: Vec::new(),
            contacted: HashSet::new(),
        }
    }

    /// As clouds have it: every port, both ways, without a packet from inside.
    pub(crate) fn one_to_one(public: &str, inside: &str) -> Self {
        Self { keeps_port: true, ..Self::new(public, inside, Filter::FullCone) }
    }

    fn outside_of(&mut self, inside: SocketAddr) -> SocketAddr {
        if self.keeps_port {
            return SocketAddr::new(self.public, inside.port());
        }
        let port = 40_000 + u16::try_from(self.mappings.len()).unwrap();
        let known = self.mappings.iter().find(|(private, _)| *private == inside);
        known.map(|(_, public)| *public).unwrap_or_else(|| {
            let public = SocketAddr::new(self.public, port);
            self.mappings.push((inside, public));
            public
        })
    }

    fn inside_of(&self, outside: SocketAddr, from: SocketAddr) -> Option<SocketAddr> {
        if self.keeps_port {
            return Some(SocketAddr::new(self.inside[0], outside.port()));
        }
        let (private, _) = self.mappings.iter().find(|(_, public)| *public == outside)?;
        let allowed = self.filter == Filter::FullCone || self.contacted.contains(&(outside, from));
        allowed.then_some(*private)
    }
}

pub(crate) struct Switch {
    pub(crate) delay: Duration,
    /// 0 to 100 percent, each way.
    pub(crate) loss: u32,
    pub(crate) nats: Vec<Nat>,
    pub(crate) stun_server: Option<SocketAddr>,
    /// Local addresses that are cut off.
    pub(crate) cut: HashSet<SocketAddr>,
    rng: ChaCha8Rng,
    queue: BTreeMap<(Instant, u64), Transmit>,
    sequence: u64,
}

impl Switch {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            delay: Duration::from_millis(20),
            loss: 0,
            nats: Vec::new(),
            stun_server: None,
            cut: HashSet::new(),
            rng: ChaCha8Rng::seed_from_u64(seed),
            queue: BTreeMap::new(),
            sequence: 0,
        }
    }

    pub(crate) fn send(&mut self, now: Instant, mut packet: Transmit) {
        if self.cut.contains(&packet.local) || self.rng.next_u32() % 100 < self.loss {
            return;
        }
        let remote = packet.remote;
        if let Some(nat) = self.nats.iter_mut().find(|n| n.inside.contains(&packet.local.ip())) {
            packet.local = nat.outside_of(packet.local);
            nat.contacted.insert((packet.local, remote));
        }
        if self.stun_server == Some(remote) {
            if let Some(reply) = stun_reply(&packet) {
                self.enqueue(now + self.delay * 2, reply);
            }
            return;
        }
        // Up to a quarter more, so that packets overtake each other.
        let jitter = self.delay * (self.rng.next_u32() % 256) / 1024;
        self.enqueue(now + self.delay + jitter, packet);
    }

    fn enqueue(&mut self, at: Instant, packet: Transmit) {
        self.sequence += 1;
        self.queue.insert((at, self.sequence), packet);
    }

    pub(crate) fn next_time(&self) -> Option<Instant> {
        self.queue.keys().next().map(|(at, _)| *at)
    }

    /// A packet that arrives now, addressed to where it arrives.
    pub(crate) fn receive(&mut self, now: Instant) -> Option<Transmit> {
        loop {
            let entry = self.queue.first_entry().filter(|entry| entry.key().0 <= now)?;
            let mut packet = entry.remove();
            if let Some(nat) = self.nats.iter().find(|nat| nat.public == packet.remote.ip()) {
                match nat.inside_of(packet.remote, packet.local) {
                    Some(inside) => packet.remote = inside,
                    None => continue,
                }
            } else if self.nats.iter().any(|nat| nat.inside.contains(&packet.remote.ip())) {
                continue; // A private address means nothing out here.
            }
            if !self.cut.contains(&packet.remote) {
                return Some(packet);
            }
        }
    }
}

fn stun_reply(packet: &Transmit) -> Option<Transmit> {
    let request = Message::from_bytes(&packet.payload).ok()?;
    let mut reply = Message::builder_success(&request, MessageWriteVec::new());
    let mapped = XorMappedAddress::new(packet.local, request.transaction_id());
    reply.add_attribute(&mapped).unwrap();
    reply.add_fingerprint().unwrap();
    Some(Transmit { local: packet.remote, remote: packet.local, payload: reply.finish() })
}
