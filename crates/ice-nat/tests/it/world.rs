//! Two agents, their signalling, and the switch between them.

use std::collections::{BTreeMap, HashSet};
use std::net::SocketAddr;
use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use zentalk_ice_nat::{
    Candidate, Config, Credentials, Event, IceAgent, Input, LocalSocket, Output, Role,
};
use zentalk_primitives::{Instant, Transmit};

use crate::switch::Switch;

pub(crate) const A: usize = 0;
pub(crate) const B: usize = 1;

pub(crate) struct Peer {
    pub(crate) agent: IceAgent,
    pub(crate) rng: ChaCha8Rng,
    pub(crate) events: Vec<(Instant, Event)>,
    /// Everything it sent.
    pub(crate) sent: Vec<Transmit>,
    addresses: HashSet<SocketAddr>,
    timeout: Option<Instant>,
}

impl Peer {
    pub(crate) fn candidates(&self) -> Vec<Candidate> {
        let candidates = self.events.iter().filter_map(|(_, event)| match event {
            Event::LocalCandidate(candidate) => Some(candidate.clone()),
            _ => None,
        });
        candidates.collect()
    }

    pub(crate) fn count(&self, wanted: impl Fn(&Event) -> bool) -> usize {
        self.events.iter().filter(|(_, event)| wanted(event)).count()
    }

    pub(crate) fn time_of(&self, wanted: impl Fn(&Event) -> bool) -> Option<Instant> {
        self.events.iter().find(|(_, event)| wanted(event)).map(|(at, _)| *at)
    }
}

enum Signal {
    Credentials(Credentials),
    Candidate(String),
    EndOfCandidates,
}

pub(crate) struct World {
    pub(crate) now: Instant,
    pub(crate) switch: Switch,
    pub(crate) peers: [Peer; 2],
    /// Whether candidates are signalled as they come.
    pub(crate) signalling: bool,
    signals: BTreeMap<(Instant, u64), (usize, Signal)>,
    sequence: u64,
}

impl World {
    pub(crate) fn new(seed: u64, roles: [Role; 2], configs: [Config; 2]) -> Self {
        let now = Instant::from_millis(1_000);
        let [first, second] = configs;
        let peer = |role, config, salt: u64| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed.wrapping_mul(2).wrapping_add(salt));
            Peer {
                agent: IceAgent::new(now, role, config, &mut rng),
                rng,
                events: Vec::new(),
                sent: Vec::new(),
                addresses: HashSet::new(),
                timeout: Some(now),
            }
        };
        Self {
            now,
            switch: Switch::new(seed),
            peers: [peer(roles[A], first, 0), peer(roles[B], second, 1)],
            signalling: true,
            signals: BTreeMap::new(),
            sequence: 0,
        }
    }

    /// A controls; no sockets, no servers, nothing open, nothing signalled.
    pub(crate) fn unconfigured(seed: u64) -> Self {
        let roles = [Role::Controlling, Role::Controlled];
        Self::new(seed, roles, [Config::new(), Config::new()])
    }

    /// Both on one network, direct phase open, credentials on their way.
    pub(crate) fn hosts(seed: u64, addresses: [&str; 2]) -> Self {
        let mut world = Self::unconfigured(seed);
        for (who, address) in addresses.into_iter().enumerate() {
            world.add_socket(who, LocalSocket::new(address.parse().unwrap()));
        }
        world.start();
        world
    }

    pub(crate) fn start(&mut self) {
        for who in [A, B] {
            self.signal_credentials(who);
            self.open(who);
        }
    }

    pub(crate) fn open(&mut self, who: usize) {
        let peer = &mut self.peers[who];
        peer.agent.open_direct(self.now, &mut peer.rng);
        self.drain(who);
    }

    pub(crate) fn add_socket(&mut self, who: usize, socket: LocalSocket) {
        let peer = &mut self.peers[who];
        peer.addresses.insert(socket.address());
        peer.agent.add_local_socket(self.now, socket, &mut peer.rng).unwrap();
        self.drain(who);
    }

    pub(crate) fn add_relay(&mut self, who: usize, relay: zentalk_ice_nat::RelayedAddress) {
        let peer = &mut self.peers[who];
        peer.addresses.insert(relay.relayed());
        peer.agent.add_relayed(self.now, relay).unwrap();
        self.drain(who);
    }

    /// Without telling the peer.
    pub(crate) fn restart_in_silence(&mut self, who: usize) {
        let peer = &mut self.peers[who];
        peer.agent.restart(self.now, &mut peer.rng);
        self.drain(who);
    }

    pub(crate) fn restart(&mut self, who: usize) {
        let peer = &mut self.peers[who];
        peer.agent.restart(self.now, &mut peer.rng);
        self.signal_credentials(who);
        self.drain(who);
    }

    pub(crate) fn signal_credentials(&mut self, who: usize) {
        let credentials = self.peers[who].agent.local_credentials().clone();
        self.signal(1 - who, Signal::Credentials(credentials));
    }

    fn signal(&mut self, to: usize, signal: Signal) {
        self.sequence += 1;
        let at = self.now + Duration::from_millis(60);
        self.signals.insert((at, self.sequence), (to, signal));
    }

    pub(crate) fn input(&mut self, who: usize, input: Input<'_>) {
        self.peers[who].agent.handle_input(self.now, input).unwrap();
        self.drain(who);
    }

    pub(crate) fn deliver(
        &mut self,
        who: usize,
        local: SocketAddr,
        remote: SocketAddr,
        bytes: &[u8],
    ) {
        self.input(who, Input::Datagram { local, remote, payload: bytes });
    }

    pub(crate) fn drain(&mut self, who: usize) {
        loop {
            match self.peers[who].agent.poll_output() {
                Output::Transmit(packet) => {
                    self.peers[who].sent.push(packet.clone());
                    self.switch.send(self.now, packet);
                }
                Output::Event(event) => {
                    match &event {
                        Event::LocalCandidate(candidate) if self.signalling => {
                            self.signal(1 - who, Signal::Candidate(candidate.to_attribute()));
                        }
                        Event::GatheringComplete if self.signalling => {
                            self.signal(1 - who, Signal::EndOfCandidates);
                        }
                        _ => {}
                    }
                    self.peers[who].events.push((self.now, event));
                }
                Output::Timeout(at) => {
                    self.peers[who].timeout = at;
                    return;
                }
            }
        }
    }

    fn next_time(&self) -> Option<Instant> {
        let signal = self.signals.keys().next().map(|(at, _)| *at);
        let timeouts = self.peers.iter().map(|peer| peer.timeout);
        timeouts.chain([signal, self.switch.next_time()]).flatten().min()
    }

    /// Runs until this time, or until the condition holds; says whether it does.
    pub(crate) fn run_until(&mut self, end: Instant, done: impl Fn(&Self) -> bool) -> bool {
        let mut steps = 0;
        while !done(self) {
            let Some(next) = self.next_time().filter(|next| *next <= end) else {
                self.now = self.now.max(end);
                return done(self);
            };
            steps = if next > self.now { 0 } else { steps + 1 };
            assert!(steps < 1000, "time stands still");
            self.now = self.now.max(next);
            self.step();
        }
        true
    }

    pub(crate) fn run_for(&mut self, duration: Duration) {
        self.run_until(self.now + duration, |_| false);
    }

    pub(crate) fn connect(&mut self, within: Duration) -> bool {
        self.run_until(self.now + within, |world| {
            world.peers.iter().all(|peer| peer.agent.may_send_media(world.now))
        })
    }

    fn step(&mut self) {
        while let Some(entry) = self.signals.first_entry().filter(|e| e.key().0 <= self.now) {
            let (to, signal) = entry.remove();
            match signal {
                Signal::Credentials(credentials) => {
                    self.input(to, Input::RemoteCredentials(credentials));
                }
                Signal::Candidate(text) => self.input(to, Input::RemoteCandidateText(&text)),
                Signal::EndOfCandidates => self.input(to, Input::RemoteEndOfCandidates),
            }
        }
        while let Some(packet) = self.switch.receive(self.now) {
            let owner = self.peers.iter().position(|p| p.addresses.contains(&packet.remote));
            if let Some(who) = owner {
                self.deliver(who, packet.remote, packet.local, &packet.payload);
            }
        }
        for who in [A, B] {
            if self.peers[who].timeout.is_some_and(|at| at <= self.now) {
                self.peers[who].agent.handle_timeout(self.now);
                self.drain(who);
            }
        }
    }
}

pub(crate) fn secs(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}
