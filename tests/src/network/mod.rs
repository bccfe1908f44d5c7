//! A network that exists only in memory: what is sent waits in a queue until its virtual time comes.

mod capture;
mod streams;
mod wire;

use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use zentalk_primitives::{Instant, Transmit};

pub use self::capture::{Direction, Packet, Protocol};
pub use self::streams::{End, PipeId, StreamEvent};
pub use self::wire::Link;

use self::capture::Capture;
use self::streams::Streams;
use self::wire::Wire;
use crate::nat::{Nat, NatKind};

/// Datagrams and streams under way, ordered by arrival. One seed gives one history.
///
/// Addresses are public, but for those in the LANs of NAT boxes.
pub struct Network {
    wire: Wire,
    nats: Vec<Nat>,
    queue: BinaryHeap<Reverse<Flight>>,
    sent: u64,
    streams: Streams,
    attacker: Option<Attacker>,
    capture: Capture,
    /// Names that machines answer to on their links (RFC 6762).
    names: BTreeMap<String, IpAddr>,
}

/// Sees every datagram outside of LANs, and says which ones go on instead.
pub type Attacker = Box<dyn FnMut(Instant, Transmit) -> Vec<Transmit>>;

/// Between two hosts of one LAN.
const LAN: Link = Link::perfect(Duration::from_micros(500));

/// A datagram in the air: when it lands, in which order it was sent, and what it is.
struct Flight {
    arrival: Instant,
    order: u64,
    datagram: Transmit,
}

impl Network {
    /// A network whose every pair of hosts is joined by `link`, but for those that get links of their own.
    pub fn new(seed: u64, link: Link) -> Self {
        Self {
            wire: Wire::new(seed, link),
            nats: Vec::new(),
            queue: BinaryHeap::new(),
            sent: 0,
            streams: Streams::default(),
            attacker: None,
            capture: Capture::default(),
            names: BTreeMap::new(),
        }
    }

    /// Changes the link for datagrams sent from now on, between hosts that have no link of their own.
    pub fn set_link(&mut self, link: Link) {
        self.wire.default = link;
    }

    /// What joins the public address `host` to the backbone. Two hosts are joined by the links of both.
    pub fn set_access(&mut self, host: IpAddr, link: Link) {
        self.wire.set_access(host, link);
    }

    /// Adds a link between two public addresses to what joins each of them to the backbone.
    pub fn set_between(&mut self, a: IpAddr, b: IpAddr, link: Link) {
        self.wire.set_between(a, b, link);
    }

    /// Puts up a NAT box, and joins it to the backbone. Returns the address of the first host behind it.
    ///
    /// # Panics
    /// If there are 90 already: addresses for testing end there.
    pub fn add_nat(&mut self, kind: NatKind, access: Link) -> IpAddr {
        assert!(self.nats.len() < 90, "no more public addresses for NATs");
        let nat = Nat::new(kind, u8::try_from(self.nats.len()).unwrap_or_default());
        let inside = nat.host(2);
        self.wire.set_access(nat.outside(), access);
        self.nats.push(nat);
        inside
    }

    /// The address by which `host` is seen outside of its LAN, if it is in one.
    pub fn public_address(&self, host: IpAddr) -> IpAddr {
        self.nats.iter().find(|nat| nat.has(host)).map_or(host, Nat::outside)
    }

    /// Swallows everything to and from `host` from now on.
    pub fn cut(&mut self, host: IpAddr) {
        self.wire.cut(host);
    }

    /// Carries to and from `host` again.
    pub fn heal(&mut self, host: IpAddr) {
        self.wire.heal(host);
    }

    /// The address is gone for good, with the connections that began there.
    pub fn remove(&mut self, now: Instant, host: IpAddr) {
        self.wire.cut(host);
        self.streams.remove_host(now, host);
    }

    /// Puts somebody between all hosts.
    pub fn attack(&mut self, attacker: impl FnMut(Instant, Transmit) -> Vec<Transmit> + 'static) {
        self.attacker = Some(Box::new(attacker));
    }

    /// Keeps what crosses the interfaces of `host` from now on.
    pub fn watch(&mut self, host: IpAddr) {
        self.capture.watch(host);
    }

    /// What crossed the interfaces that are watched, in order.
    pub fn captured(&self) -> &[Packet] {
        self.capture.packets()
    }

    /// A machine answers to this name on its link from now on.
    pub(crate) fn publish_name(&mut self, name: String, address: IpAddr) {
        self.names.insert(name, address);
    }

    /// Who answers to this name on the link of `asker`: hosts behind one NAT share one, others none.
    pub(crate) fn name_on_link(&self, name: &str, asker: IpAddr) -> Option<IpAddr> {
        let nat = self.nats.iter().find(|nat| nat.has(asker))?;
        self.names.get(name).copied().filter(|address| nat.has(*address))
    }

    /// A port that somebody picks, from those that are picked at random.
    pub(crate) fn port(&mut self) -> u16 {
        self.wire.port()
    }

    // Datagrams.

    /// Takes a datagram; the link decides whether, when and how often it arrives.
    pub fn send(&mut self, now: Instant, datagram: Transmit) {
        self.capture.datagram(now, Direction::Out, &datagram);
        if self.wire.is_cut(datagram.local.ip()) {
            return;
        }
        let (from, to) = (datagram.local.ip(), datagram.remote.ip());
        if self.nats.iter().any(|nat| nat.has(from) && nat.has(to)) {
            return self.launch(now, LAN, datagram);
        }
        let Some(datagram) = self.leave_lan(now, datagram) else { return };
        let datagrams = match &mut self.attacker {
            Some(attacker) => attacker(now, datagram),
            None => vec![datagram],
        };
        datagrams.into_iter().for_each(|datagram| self.carry(now, datagram));
    }

    /// Gives a datagram the sender that is seen outside. Private addresses lead nowhere there.
    fn leave_lan(&mut self, now: Instant, mut datagram: Transmit) -> Option<Transmit> {
        if self.nats.iter().any(|nat| nat.has(datagram.remote.ip())) {
            return None;
        }
        let Self { nats, wire, .. } = self;
        if let Some(nat) = nats.iter_mut().find(|nat| nat.has(datagram.local.ip())) {
            let (inside, remote) = (datagram.local, datagram.remote);
            datagram.local = nat.outbound(now, inside, remote, || wire.port())?;
        }
        Some(datagram)
    }

    fn carry(&mut self, now: Instant, datagram: Transmit) {
        let (from, to) = (datagram.local.ip(), datagram.remote.ip());
        let link = self.wire.link(from, to);
        let is_cut = self.wire.is_cut(from) || self.wire.is_cut(to);
        if is_cut || self.wire.chance(link.loss) {
            return;
        }
        if self.wire.chance(link.duplication) {
            self.launch(now, link, datagram.clone());
        }
        self.launch(now, link, datagram);
    }

    fn launch(&mut self, now: Instant, link: Link, datagram: Transmit) {
        self.sent += 1;
        let arrival = now + self.wire.transit(link);
        self.queue.push(Reverse(Flight { arrival, order: self.sent, datagram }));
    }

    /// When something lands next.
    pub fn next_arrival(&self) -> Option<Instant> {
        let datagram = self.queue.peek().map(|Reverse(flight)| flight.arrival);
        datagram.into_iter().chain(self.streams.next_event()).min()
    }

    /// The next datagram that has landed by `now`: its `remote` is the receiver.
    pub fn receive(&mut self, now: Instant) -> Option<Transmit> {
        while self.queue.peek().is_some_and(|Reverse(flight)| flight.arrival <= now) {
            let datagram = self.queue.pop().map(|Reverse(flight)| flight.datagram)?;
            if let Some(datagram) = self.enter_lan(now, datagram) {
                self.capture.datagram(now, Direction::In, &datagram);
                return Some(datagram);
            }
        }
        None
    }

    /// Finds the receiver behind a NAT. A filter looks when a datagram arrives, not when it is sent.
    fn enter_lan(&mut self, now: Instant, mut datagram: Transmit) -> Option<Transmit> {
        let to = datagram.remote;
        if let Some(nat) = self.nats.iter_mut().find(|nat| nat.outside() == to.ip()) {
            datagram.remote = nat.inbound(now, to.port(), datagram.local)?;
        }
        (!self.wire.is_cut(datagram.remote.ip())).then_some(datagram)
    }

    // Streams.

    /// Takes connections to this address.
    pub fn listen(&mut self, address: SocketAddr) {
        self.streams.listen(address);
    }

    /// Connects from an address to a listener.
    pub fn connect(&mut self, now: Instant, from: IpAddr, to: SocketAddr) -> PipeId {
        let client = SocketAddr::new(from, self.wire.port());
        let nat = self.nats.iter().find(|nat| nat.has(from));
        let (seen, passes) = match nat {
            Some(nat) => (nat.outside(), nat.kind().passes_tcp_to(to.port())),
            None => (from, true),
        };
        let seen = SocketAddr::new(seen, self.wire.port());
        self.streams.connect(now, [client, seen, to], passes)
    }

    /// Writes at one end of a connection.
    pub fn write(&mut self, now: Instant, pipe: PipeId, end: End, payload: Vec<u8>) {
        self.streams.write(now, pipe, end, payload, &mut self.capture);
    }

    /// Ends a connection at one end: what was written still arrives.
    pub fn close(&mut self, now: Instant, pipe: PipeId, end: End) {
        self.streams.close(now, pipe, end);
    }

    /// What has happened to a connection by `now`.
    pub fn stream_event(&mut self, now: Instant) -> Option<StreamEvent> {
        self.streams.poll(now, &mut self.wire, &mut self.capture)
    }
}

impl Ord for Flight {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        (self.arrival, self.order).cmp(&(other.arrival, other.order))
    }
}

impl PartialOrd for Flight {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Flight {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Flight {}

#[cfg(test)]
mod tests;
