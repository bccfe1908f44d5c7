//! Round trips to TURN servers, measured with STUN Binding requests to their UDP ports.
//!
//! 1. Probes start 50 ms apart (RFC 8445 §14.2).
//! 2. Each asks up to three times, 500 ms apart, each time with another transaction id: so an answer names the request it
//!    is for, and a lost one does not make the round trip look longer.
//! 3. The first answer from the address that was asked counts. Errors do, too: they took the same way.

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::VecDeque;

use rand_core::CryptoRng;
use stun_types::message::MessageClass;
use zentalk_primitives::{Instant, Transmit};

use crate::limits::MAX_PROBES;
use crate::stun::{self, TransactionId};

/// Measures round trips to TURN servers. Drain [`poll_output`](Self::poll_output) to [`ProbeOutput::Timeout`] after each call.
pub struct Prober {
    /// Counts up from a random start: nobody beside the path has seen one to guess the next from.
    next_id: u128,
    pace: Instant,
    probes: Vec<Probe>,
    out: VecDeque<ProbeOutput>,
}

/// What a [`Prober`] has to send or to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProbeOutput {
    /// Send this datagram.
    Transmit(Transmit),
    /// The server of that key answered.
    Measured {
        /// As given to [`Prober::start`].
        key: usize,
        /// How long it took.
        round_trip: Duration,
    },
    /// It did not.
    Unanswered {
        /// As given to [`Prober::start`].
        key: usize,
    },
    /// Nothing more for now: call [`Prober::handle_timeout`] at this time, or never.
    Timeout(Option<Instant>),
}

struct Probe {
    key: usize,
    local: SocketAddr,
    server: SocketAddr,
    asked: Vec<(TransactionId, Instant)>,
    next: Instant,
}

impl Prober {
    /// One that measures nothing yet.
    pub fn new(rng: &mut impl CryptoRng) -> Self {
        let mut start = [0; 16];
        rng.fill_bytes(&mut start);
        let pace = Instant::ZERO;
        Self { next_id: u128::from_be_bytes(start), pace, probes: Vec::new(), out: VecDeque::new() }
    }

    /// Measures from `local` to the UDP port `server`, unless the two cannot talk, it is done already, or
    /// [`MAX_PROBES`] run.
    pub fn start(&mut self, now: Instant, key: usize, local: SocketAddr, server: SocketAddr) {
        let running =
            self.probes.iter().any(|probe| probe.local == local && probe.server == server);
        if !crate::socket::can_reach(local, server) || running || self.probes.len() >= MAX_PROBES {
            return;
        }
        let next = self.pace.max(now);
        self.pace = next + PACE;
        self.probes.push(Probe { key, local, server, asked: Vec::new(), next });
        self.handle_timeout(now);
    }

    /// Takes a datagram if it is an answer to a probe; says whether it is.
    pub fn handle_datagram(
        &mut self,
        now: Instant,
        local: SocketAddr,
        remote: SocketAddr,
        payload: &[u8],
    ) -> bool {
        let Ok(envelope) = stun::open(payload) else { return false };
        if !matches!(envelope.class, MessageClass::Success | MessageClass::Error) {
            return false;
        }
        let asked = |probe: &Probe| {
            probe.asked.iter().find(|(id, _)| *id == envelope.id).map(|(_, at)| *at)
        };
        let found = self.probes.iter().enumerate().find_map(|(index, probe)| {
            let from_it = probe.local == local && probe.server == remote;
            Some((index, asked(probe).filter(|_| from_it)?))
        });
        let Some((index, sent)) = found else { return false };
        let probe = self.probes.swap_remove(index);
        self.out.push_back(ProbeOutput::Measured { key: probe.key, round_trip: now - sent });
        true
    }

    /// Lets time pass.
    pub fn handle_timeout(&mut self, now: Instant) {
        for probe in &mut self.probes {
            if probe.next <= now && probe.asked.len() < TRIES {
                let id = transaction_id(self.next_id);
                self.next_id = self.next_id.wrapping_add(1);
                probe.asked.push((id, now));
                probe.next = now + WAIT;
                let payload = stun::binding_request(id);
                let transmit = Transmit { local: probe.local, remote: probe.server, payload };
                self.out.push_back(ProbeOutput::Transmit(transmit));
            }
        }
        let (out, is_over) = (&mut self.out, |probe: &Probe| probe.next <= now);
        self.probes.retain(|probe| {
            if is_over(probe) {
                out.push_back(ProbeOutput::Unanswered { key: probe.key });
            }
            !is_over(probe)
        });
    }

    /// Stops what goes out of a socket that is gone; nothing is said of it.
    pub fn remove_local(&mut self, local: SocketAddr) {
        self.probes.retain(|probe| probe.local != local);
    }

    /// Stops everything.
    pub fn clear(&mut self) {
        self.probes.clear();
    }

    /// The next thing to do.
    pub fn poll_output(&mut self) -> ProbeOutput {
        let next = || self.probes.iter().map(|probe| probe.next).min();
        self.out.pop_front().unwrap_or_else(|| ProbeOutput::Timeout(next()))
    }
}

fn transaction_id(number: u128) -> TransactionId {
    let mut id = TransactionId::default();
    id.iter_mut().zip(number.to_be_bytes().iter().skip(4)).for_each(|(to, from)| *to = *from);
    id
}

/// RFC 8445 §14.2: Ta.
const PACE: Duration = Duration::from_millis(50);

/// RFC 8489 §6.2.1: the first wait.
const WAIT: Duration = Duration::from_millis(500);

const TRIES: usize = 3;

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;
    use stun_types::message::{Message, MessageWrite, MessageWriteVec};

    use super::*;

    const LOCAL: ([u8; 4], u16) = ([192, 0, 2, 1], 4_000);
    const SERVER: ([u8; 4], u16) = ([203, 0, 113, 1], 3_478);

    fn prober() -> Prober {
        Prober::new(&mut ChaCha8Rng::seed_from_u64(5))
    }

    fn drain(prober: &mut Prober) -> (Vec<ProbeOutput>, Option<Instant>) {
        let mut all = Vec::new();
        loop {
            match prober.poll_output() {
                ProbeOutput::Timeout(at) => return (all, at),
                output => all.push(output),
            }
        }
    }

    fn request(prober: &mut Prober) -> Vec<u8> {
        let (all, _) = drain(prober);
        let [ProbeOutput::Transmit(transmit)] = &all[..] else { panic!("{all:?}") };
        assert_eq!((transmit.local, transmit.remote), (LOCAL.into(), SERVER.into()));
        transmit.payload.clone()
    }

    fn answer(request: &[u8]) -> Vec<u8> {
        let request = Message::from_bytes(request).unwrap();
        Message::builder_success(&request, MessageWriteVec::new()).finish()
    }

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    /// RFC 8489 §6.2.1: a retransmission would leave open which request was answered; another id does not.
    #[test]
    fn an_answer_is_measured_from_the_request_that_it_is_for() {
        for answered in [0, 1] {
            let mut prober = prober();
            prober.start(at(0), 7, LOCAL.into(), SERVER.into());
            let first = request(&mut prober);
            prober.handle_timeout(at(500));
            let second = request(&mut prober);
            assert_ne!(first, second);
            let payload = answer(if answered == 0 { &first } else { &second });
            assert!(prober.handle_datagram(at(530), LOCAL.into(), SERVER.into(), &payload));
            let round_trip = Duration::from_millis(if answered == 0 { 530 } else { 30 });
            assert_eq!(
                drain(&mut prober),
                (vec![ProbeOutput::Measured { key: 7, round_trip }], None)
            );
            assert!(!prober.handle_datagram(at(530), LOCAL.into(), SERVER.into(), &payload));
        }
    }

    #[test]
    fn a_server_that_does_not_answer_is_asked_three_times() {
        let mut prober = prober();
        prober.start(at(0), 7, LOCAL.into(), SERVER.into());
        let mut times = vec![0];
        let (_, mut next) = drain(&mut prober);
        while let Some(due) = next {
            prober.handle_timeout(due);
            let (all, after) = drain(&mut prober);
            assert_eq!(all.len(), 1);
            times.push(due.as_millis());
            if after.is_none() {
                assert_eq!(all, [ProbeOutput::Unanswered { key: 7 }]);
            }
            next = after;
        }
        assert_eq!(times, [0, 500, 1_000, 1_500]);
    }

    /// RFC 8445 §14.2.
    #[test]
    fn probes_start_fifty_milliseconds_apart() {
        let mut prober = prober();
        for port in 1..4 {
            prober.start(at(0), 0, LOCAL.into(), ([203, 0, 113, 1], port).into());
        }
        assert_eq!(drain(&mut prober).0.len(), 1);
        prober.handle_timeout(at(50));
        prober.handle_timeout(at(100));
        assert_eq!(drain(&mut prober).0.len(), 2);
    }

    #[test]
    fn what_is_not_an_answer_from_there_is_left_alone() {
        let mut prober = prober();
        prober.start(at(0), 7, LOCAL.into(), SERVER.into());
        let asked = request(&mut prober);
        let right = answer(&asked);
        let mut other_id = right.clone();
        other_id[19] ^= 1;
        for (local, remote, payload) in [
            (LOCAL, SERVER, &other_id),
            (LOCAL, SERVER, &asked),
            (LOCAL, LOCAL, &right),
            (SERVER, SERVER, &right),
        ] {
            assert!(!prober.handle_datagram(at(9), local.into(), remote.into(), payload));
        }
        assert!(prober.handle_datagram(at(9), LOCAL.into(), SERVER.into(), &right));
    }

    #[test]
    fn probes_are_bounded_and_each_way_is_probed_once_at_a_time() {
        let mut prober = prober();
        for port in (1..=1_000).chain(1..=10) {
            prober.start(at(0), 0, LOCAL.into(), ([203, 0, 113, 1], port).into());
        }
        prober.start(at(0), 0, LOCAL.into(), "[2001:db8::1]:3478".parse().unwrap());
        assert_eq!(prober.probes.len(), MAX_PROBES);
        prober.remove_local(LOCAL.into());
        assert!(prober.probes.is_empty());
    }
}
