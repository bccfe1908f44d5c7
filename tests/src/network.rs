//! A network that exists only in memory: datagrams wait in a queue until their virtual time comes.

use core::net::SocketAddr;
use core::time::Duration;
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use zentalk_primitives::{Instant, Transmit};

/// How a link treats each datagram. The same in both directions.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    /// One-way delay.
    pub delay: Duration,
    /// Added to the delay, uniformly between zero and this; more than a packet interval reorders.
    pub jitter: Duration,
    /// Probability that a datagram is lost, 0.0 to 1.0.
    pub loss: f64,
    /// Probability that a datagram arrives twice, 0.0 to 1.0.
    pub duplication: f64,
}

impl Link {
    /// A link that only delays.
    pub const fn perfect(delay: Duration) -> Self {
        Self { delay, jitter: Duration::ZERO, loss: 0.0, duplication: 0.0 }
    }
}

/// Datagrams under way, ordered by arrival. One seed gives one history.
pub struct Network {
    link: Link,
    rng: ChaCha8Rng,
    queue: BinaryHeap<Reverse<Flight>>,
    sent: u64,
    unreachable: BTreeSet<SocketAddr>,
    attacker: Option<Attacker>,
}

/// Sees every datagram, and says which ones go on instead.
pub type Attacker = Box<dyn FnMut(Instant, Transmit) -> Vec<Transmit>>;

/// A datagram in the air: when it lands, in which order it was sent, and what it is.
struct Flight {
    arrival: Instant,
    order: u64,
    datagram: Transmit,
}

impl Network {
    /// A network whose every pair of hosts is joined by `link`.
    pub fn new(seed: u64, link: Link) -> Self {
        let rng = ChaCha8Rng::seed_from_u64(seed);
        let (queue, unreachable) = (BinaryHeap::new(), BTreeSet::new());
        Self { link, rng, queue, sent: 0, unreachable, attacker: None }
    }

    /// Changes the link for datagrams sent from now on.
    pub fn set_link(&mut self, link: Link) {
        self.link = link;
    }

    /// Swallows everything to and from `address` from now on.
    pub fn cut(&mut self, address: SocketAddr) {
        self.unreachable.insert(address);
    }

    /// Carries to and from `address` again.
    pub fn heal(&mut self, address: SocketAddr) {
        self.unreachable.remove(&address);
    }

    /// Puts somebody between all hosts.
    pub fn attack(&mut self, attacker: impl FnMut(Instant, Transmit) -> Vec<Transmit> + 'static) {
        self.attacker = Some(Box::new(attacker));
    }

    /// Takes a datagram; the link decides whether, when and how often it arrives.
    pub fn send(&mut self, now: Instant, datagram: Transmit) {
        let datagrams = match &mut self.attacker {
            Some(attacker) => attacker(now, datagram),
            None => vec![datagram],
        };
        datagrams.into_iter().for_each(|datagram| self.carry(now, datagram));
    }

    fn carry(&mut self, now: Instant, datagram: Transmit) {
        let cut = |address| self.unreachable.contains(address);
        if cut(&datagram.local) || cut(&datagram.remote) || self.chance(self.link.loss) {
            return;
        }
        if self.chance(self.link.duplication) {
            self.launch(now, datagram.clone());
        }
        self.launch(now, datagram);
    }

    /// When the next datagram lands.
    pub fn next_arrival(&self) -> Option<Instant> {
        self.queue.peek().map(|Reverse(flight)| flight.arrival)
    }

    /// The next datagram that has landed by `now`.
    pub fn receive(&mut self, now: Instant) -> Option<Transmit> {
        if self.next_arrival()? > now {
            return None;
        }
        self.queue.pop().map(|Reverse(flight)| flight.datagram)
    }

    fn launch(&mut self, now: Instant, datagram: Transmit) {
        let jitter = self.link.jitter.mul_f64(self.uniform());
        self.sent += 1;
        let arrival = now + self.link.delay + jitter;
        self.queue.push(Reverse(Flight { arrival, order: self.sent, datagram }));
    }

    fn chance(&mut self, probability: f64) -> bool {
        // Drawn even when it cannot happen, so that a change of one probability moves nothing else.
        self.uniform() < probability
    }

    /// Uniform in `[0, 1)`.
    fn uniform(&mut self) -> f64 {
        f64::from(self.rng.next_u32()) / (f64::from(u32::MAX) + 1.0)
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
mod tests {
    use super::*;

    fn datagram(byte: u8) -> Transmit {
        let address = SocketAddr::from(([10, 0, 0, 1], 1000));
        Transmit { local: address, remote: address, payload: vec![byte] }
    }

    #[test]
    fn a_perfect_link_keeps_order_and_delays() {
        let mut network = Network::new(1, Link::perfect(Duration::from_millis(5)));
        for byte in 0..3 {
            network.send(Instant::ZERO, datagram(byte));
        }
        assert!(network.receive(Instant::from_millis(4)).is_none());
        let landed = Instant::from_millis(5);
        for byte in 0..3 {
            assert_eq!(network.receive(landed).unwrap().payload, [byte]);
        }
    }

    #[test]
    fn one_seed_gives_one_history() {
        let link = Link {
            delay: Duration::from_millis(80),
            jitter: Duration::from_millis(30),
            loss: 0.3,
            duplication: 0.1,
        };
        let history = |seed| {
            let mut network = Network::new(seed, link);
            (0..200).for_each(|byte| network.send(Instant::ZERO, datagram(byte)));
            std::iter::from_fn(|| network.receive(Instant::from_millis(1_000)))
                .map(|datagram| datagram.payload)
                .collect::<Vec<_>>()
        };
        assert_eq!(history(7), history(7));
        assert_ne!(history(7), history(8));
    }
}
