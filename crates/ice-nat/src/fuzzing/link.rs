//! Two agents and what lies between them: a network that loses, and an attacker's log of what passed.

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::VecDeque;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use zentalk_primitives::{Instant, Transmit};

use crate::{
    Config, Event, IceAgent, IceStats, Input, LocalSocket, MAX_LOCAL_SOCKETS, MAX_QUEUED, Output,
    Role,
};

pub(super) struct Link {
    pub(super) now: Instant,
    pub(super) agents: [IceAgent; 2],
    /// In percent, each way.
    pub(super) loss: u32,
    rng: ChaCha8Rng,
    wake: [Option<Instant>; 2],
    flying: VecDeque<(Instant, Transmit)>,
    /// The last datagrams that were sent, as an attacker on the path has them.
    pub(super) seen: VecDeque<Transmit>,
    events: usize,
}

impl Link {
    pub(super) fn new(seed: u64) -> Self {
        let now = Instant::from_millis(1_000);
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let roles = [Role::Controlling, Role::Controlled];
        let agents = roles.map(|role| IceAgent::new(now, role, Config::new(), &mut rng));
        let mut link = Self {
            now,
            agents,
            loss: 0,
            rng,
            wake: [Some(now); 2],
            flying: VecDeque::new(),
            seen: VecDeque::new(),
            events: 0,
        };
        for who in [0, 1] {
            link.add_socket(who, 0);
        }
        link.exchange_credentials();
        link
    }

    pub(super) fn address(who: usize, socket: u8) -> SocketAddr {
        let host = u8::try_from(who + 1).expect("two of them");
        SocketAddr::from(([192, 0, 2, host], 5_000 + u16::from(socket)))
    }

    pub(super) fn stats(&self, who: usize) -> IceStats {
        self.agents[who].stats()
    }

    pub(super) fn add_socket(&mut self, who: usize, socket: u8) {
        let socket = LocalSocket::new(Self::address(who, socket % MAX_LOCAL_SOCKETS as u8));
        // It may be there already.
        let _ = self.agents[who].add_local_socket(self.now, socket, &mut self.rng);
        self.drain(who);
    }

    pub(super) fn open(&mut self, who: usize) {
        self.agents[who].open_direct(self.now, &mut self.rng);
        self.drain(who);
    }

    pub(super) fn restart(&mut self, who: usize) {
        self.agents[who].restart(self.now, &mut self.rng);
    }

    pub(super) fn exchange_credentials(&mut self) {
        for who in [0, 1] {
            let credentials = self.agents[1 - who].local_credentials().clone();
            let _ = self.agents[who].handle_input(self.now, Input::RemoteCredentials(credentials));
        }
        for who in [0, 1] {
            self.drain(who);
        }
    }

    pub(super) fn input(&mut self, who: usize, input: Input<'_>) {
        let _ = self.agents[who].handle_input(self.now, input);
        self.drain(who);
    }

    /// Lets time pass, and with it packets and timers.
    pub(super) fn run(&mut self, duration: Duration) {
        let end = self.now + duration;
        let mut idle = 0;
        loop {
            let arrival = self.flying.front().map(|(at, _)| *at);
            let wake = self.wake.into_iter().flatten().min();
            let Some(next) = [arrival, wake].into_iter().flatten().min().filter(|at| *at <= end)
            else {
                break;
            };
            idle = if next > self.now { 0 } else { idle + 1 };
            assert!(idle < 2_000, "time stands still: {:?} at {:?}", self.wake, self.now);
            self.now = self.now.max(next);
            self.deliver();
            for who in [0, 1] {
                if self.wake[who].is_some_and(|at| at <= self.now) {
                    self.agents[who].handle_timeout(self.now);
                    self.drain(who);
                }
            }
        }
        self.now = end;
    }

    fn deliver(&mut self) {
        while let Some((_, packet)) = self.flying.pop_front_if(|(at, _)| *at <= self.now) {
            let owner = usize::from(packet.remote.ip() == Self::address(1, 0).ip());
            let (local, remote, payload) = (packet.remote, packet.local, &packet.payload[..]);
            self.input(owner, Input::Datagram { local, remote, payload });
        }
    }

    /// Drains to `Timeout`, as the contract says; what one input brings forth is bounded.
    pub(super) fn drain(&mut self, who: usize) {
        for _ in 0..2 * MAX_QUEUED + 2 {
            match self.agents[who].poll_output() {
                Output::Transmit(packet) => self.send(packet),
                Output::Event(event) => self.take(who, event),
                Output::Timeout(at) => {
                    self.wake[who] = at;
                    return;
                }
            }
        }
        panic!("output without end");
    }

    fn send(&mut self, packet: Transmit) {
        let lost = self.rng.next_u32() % 100 < self.loss;
        if self.seen.len() == SEEN {
            self.seen.pop_front();
        }
        self.seen.push_back(packet.clone());
        let to_a_peer = [0, 1].iter().any(|who| Self::address(*who, 0).ip() == packet.remote.ip());
        if !lost && to_a_peer {
            self.flying.push_back((self.now + Duration::from_millis(20), packet));
        }
    }

    fn take(&mut self, who: usize, event: Event) {
        self.events += 1;
        assert!(self.events < MAX_EVENTS, "a storm of events");
        if let Event::LocalCandidate(candidate) = event {
            let candidate = candidate.to_attribute();
            let _ =
                self.agents[1 - who].handle_input(self.now, Input::RemoteCandidateText(&candidate));
            // Drained with the next thing that it does, or at once by its timer.
            self.wake[1 - who] = Some(self.now);
        }
    }
}

/// How many datagrams the attacker remembers.
const SEEN: usize = 64;
/// More than any input can rightly cause.
const MAX_EVENTS: usize = 20_000;
