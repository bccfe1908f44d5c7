//! One side of a call, its TURN servers, and the network between them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use zentalk_ice_nat::relays::{
    Relays, RelaysEvent, RelaysFailure, RelaysOutput, StreamId, StreamInput, StreamOutput,
};
use zentalk_ice_nat::turn::{TlsTrust, TurnCredentials};
use zentalk_ice_nat::{RelayedAddress, TransportProtocol};
use zentalk_primitives::{Instant, Transmit};

use super::site::{Client, Site};
use crate::turn::server::{PASSWORD, USERNAME};
use crate::turn::tls_server::Authority;

pub(crate) const HOST: &str = "192.0.2.1:5000";

enum Flying {
    ToServer(Client, SocketAddr, Vec<u8>),
    Connected(StreamId, SocketAddr, SocketAddr),
    Input(StreamInput),
    Datagram { local: SocketAddr, remote: SocketAddr, payload: Vec<u8> },
}

pub(crate) struct World {
    pub(crate) now: Instant,
    pub(crate) relays: Relays,
    pub(crate) sites: Vec<Site>,
    pub(crate) events: Vec<(Instant, RelaysEvent)>,
    /// Datagrams that left, and connections that were asked for.
    pub(crate) sent: Vec<(Instant, Transmit)>,
    pub(crate) connects: Vec<(Instant, SocketAddr)>,
    /// Of datagrams, in percent, each way.
    pub(crate) loss: u32,
    /// Whether another socket is bound when one is needed.
    pub(crate) binds_sockets: bool,
    authority: Authority,
    rng: ChaCha8Rng,
    flying: BTreeMap<(Instant, u64), Flying>,
    sequence: u64,
    streams: BTreeMap<StreamId, (SocketAddr, Client)>,
    ports: u16,
    wake: Option<Instant>,
}

impl World {
    /// Sites that work, known to nobody yet; one socket.
    pub(crate) fn new(seed: u64, sites: u8) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let authority = Authority::new();
        let trust = TlsTrust::roots_der([authority.root()]).unwrap();
        let mut world = Self {
            now: Instant::from_millis(1_000),
            relays: Relays::new(trust, &mut rng),
            sites: (1..=sites).map(Site::new).collect(),
            events: Vec::new(),
            sent: Vec::new(),
            connects: Vec::new(),
            loss: 0,
            binds_sockets: true,
            authority,
            rng,
            flying: BTreeMap::new(),
            sequence: 0,
            streams: BTreeMap::new(),
            ports: 30_000,
            wake: None,
        };
        world.add_local(HOST.parse().unwrap());
        world
    }

    pub(crate) fn silence(&mut self, transports: &[TransportProtocol]) {
        self.sites.iter_mut().for_each(|site| site.silent = transports.to_vec());
    }

    /// Their certificates are signed by someone else.
    pub(crate) fn distrust(&mut self) {
        self.authority = Authority::new();
    }

    pub(crate) fn add_local(&mut self, local: SocketAddr) {
        self.relays.add_local(self.now, local);
        self.drain();
    }

    pub(crate) fn remove_local(&mut self, local: SocketAddr) {
        self.relays.remove_local(self.now, local);
        self.drain();
    }

    /// All sites in their order, with credentials for an hour.
    pub(crate) fn grant(&mut self) {
        self.grant_for(Duration::from_secs(3_600));
    }

    pub(crate) fn grant_for(&mut self, lifetime: Duration) {
        let servers = self.sites.iter().map(Site::server).collect();
        let credentials = TurnCredentials::new(USERNAME, PASSWORD.to_owned());
        self.relays.set_servers(self.now, servers, credentials, self.now + lifetime);
        self.drain();
    }

    pub(crate) fn send(&mut self, local: SocketAddr, remote: SocketAddr, payload: &[u8]) {
        let transmit = Transmit { local, remote, payload: payload.to_vec() };
        self.relays.send(self.now, &transmit);
        self.drain();
    }

    pub(crate) fn command(&mut self, command: impl FnOnce(&mut Relays, Instant)) {
        command(&mut self.relays, self.now);
        self.drain();
    }

    pub(crate) fn peer_sends(&mut self, peer: SocketAddr, relayed: SocketAddr, payload: &[u8]) {
        for index in 0..self.sites.len() {
            for (client, bytes) in self.sites[index].peer_sends(self.now, peer, relayed, payload) {
                self.deliver(index, client, bytes);
            }
        }
    }

    pub(crate) fn run(&mut self, duration: Duration) {
        let end = self.now + duration;
        let mut idle = 0;
        while let Some(next) = self.next().filter(|at| *at <= end) {
            idle = if next > self.now { 0 } else { idle + 1 };
            assert!(idle < 2_000, "time stands still");
            self.now = self.now.max(next);
            while let Some(entry) = self.flying.first_entry().filter(|e| e.key().0 <= self.now) {
                let flying = entry.remove();
                self.arrive(flying);
            }
            if self.wake.is_some_and(|at| at <= self.now) {
                self.relays.handle_timeout(self.now);
                self.drain();
            }
        }
        self.now = end;
    }

    // What happened.

    pub(crate) fn allocated(&self) -> Vec<(Instant, RelayedAddress)> {
        let allocated = self.events.iter().filter_map(|(at, event)| match event {
            RelaysEvent::Allocated(relay) => Some((*at, *relay)),
            _ => None,
        });
        allocated.collect()
    }

    /// Those that were not lost again. (A server may give an address twice.)
    pub(crate) fn standing(&self) -> Vec<RelayedAddress> {
        let mut standing: Vec<RelayedAddress> = Vec::new();
        for (_, event) in &self.events {
            match event {
                RelaysEvent::Allocated(relay) => standing.push(*relay),
                RelaysEvent::Lost(lost) => standing.retain(|relay| relay.relayed() != *lost),
                _ => {}
            }
        }
        standing
    }

    pub(crate) fn failed(&self) -> Option<(Instant, RelaysFailure)> {
        self.events.iter().find_map(|(at, event)| match event {
            RelaysEvent::Failed(failure) => Some((*at, *failure)),
            _ => None,
        })
    }

    pub(crate) fn time_of(&self, wanted: impl Fn(&RelaysEvent) -> bool) -> Option<Instant> {
        self.events.iter().find(|(_, event)| wanted(event)).map(|(at, _)| *at)
    }

    pub(crate) fn count(&self, wanted: impl Fn(&RelaysEvent) -> bool) -> usize {
        self.events.iter().filter(|(_, event)| wanted(event)).count()
    }

    // The network.

    fn next(&self) -> Option<Instant> {
        self.flying.keys().next().map(|(at, _)| *at).into_iter().chain(self.wake).min()
    }

    fn fly(&mut self, after: Duration, flying: Flying) {
        self.sequence += 1;
        self.flying.insert((self.now + after, self.sequence), flying);
    }

    fn site(&self, address: SocketAddr) -> Option<(usize, TransportProtocol)> {
        let known = |(index, site): (usize, &Site)| Some((index, site.transport_of(address)?));
        self.sites.iter().enumerate().find_map(known)
    }

    fn is_silent(&self, index: usize, transport: TransportProtocol) -> bool {
        self.sites[index].silent.contains(&transport)
    }

    fn is_lost(&mut self) -> bool {
        self.rng.next_u32() % 100 < self.loss
    }

    fn arrive(&mut self, flying: Flying) {
        match flying {
            Flying::ToServer(client, server, bytes) => {
                let Some((index, transport)) = self.site(server) else { return };
                if matches!(client, Client::Udp(_)) && !self.sites[index].knows(client) {
                    self.sites[index].open(client, transport, &self.authority);
                }
                for answer in self.sites[index].receive(self.now, client, &bytes) {
                    self.deliver(index, client, answer);
                }
            }
            Flying::Connected(stream, local, server) => {
                let Some((index, transport)) = self.site(server) else { return };
                let client = Client::Stream(stream, local);
                self.sites[index].open(client, transport, &self.authority);
                self.streams.insert(stream, (server, client));
                self.relays.handle_stream(self.now, StreamInput::Connected { stream, local });
                self.drain();
            }
            Flying::Input(input) => {
                self.relays.handle_stream(self.now, input);
                self.drain();
            }
            Flying::Datagram { local, remote, payload } => {
                self.relays.handle_datagram(self.now, local, remote, &payload);
                self.drain();
            }
        }
    }

    fn deliver(&mut self, index: usize, client: Client, payload: Vec<u8>) {
        let one_way = self.sites[index].one_way;
        match client {
            Client::Udp(local) => {
                let transport = TransportProtocol::Udp;
                if !self.is_lost() && !self.is_silent(index, transport) {
                    let remote = match local.is_ipv4() {
                        true => self.sites[index].address(transport),
                        false => self.sites[index].address_v6(),
                    };
                    self.fly(one_way, Flying::Datagram { local, remote, payload });
                }
            }
            Client::Stream(stream, _) => {
                self.fly(one_way, Flying::Input(StreamInput::Received { stream, payload }));
            }
        }
    }

    fn drain(&mut self) {
        loop {
            match self.relays.poll_output() {
                RelaysOutput::Transmit(transmit) => self.transmit(transmit),
                RelaysOutput::Stream(output) => self.stream(output),
                RelaysOutput::Event(event) => {
                    self.events.push((self.now, event.clone()));
                    if let RelaysEvent::SocketNeeded { interface } = event
                        && self.binds_sockets
                    {
                        self.ports += 1;
                        self.relays.add_local(self.now, SocketAddr::new(interface, self.ports));
                    }
                }
                RelaysOutput::Timeout(at) => {
                    self.wake = at;
                    return;
                }
            }
        }
    }

    fn transmit(&mut self, transmit: Transmit) {
        self.sent.push((self.now, transmit.clone()));
        let (index, transport) = self.site(transmit.remote).expect("TURN servers only");
        if !self.is_silent(index, transport) && !self.is_lost() {
            let (client, one_way) = (Client::Udp(transmit.local), self.sites[index].one_way);
            self.fly(one_way, Flying::ToServer(client, transmit.remote, transmit.payload));
        }
    }

    fn stream(&mut self, output: StreamOutput) {
        match output {
            StreamOutput::Connect { stream, local, remote } => {
                self.connects.push((self.now, remote));
                let (index, transport) = self.site(remote).expect("TURN servers only");
                let site = &self.sites[index];
                let round_trip = site.one_way * 2;
                self.ports += 1;
                let local = SocketAddr::new(local, self.ports);
                if site.closed.contains(&transport) {
                    self.fly(round_trip, Flying::Input(StreamInput::Closed { stream }));
                } else if !self.is_silent(index, transport) {
                    self.fly(round_trip, Flying::Connected(stream, local, remote));
                }
            }
            StreamOutput::Write { stream, payload } => {
                let (server, client) = self.streams[&stream];
                let (index, transport) = self.site(server).unwrap();
                if !self.is_silent(index, transport) {
                    let one_way = self.sites[index].one_way;
                    self.fly(one_way, Flying::ToServer(client, server, payload));
                }
            }
            StreamOutput::Close { stream } => {
                if let Some((server, client)) = self.streams.remove(&stream) {
                    let (index, _) = self.site(server).unwrap();
                    self.sites[index].close(client);
                }
            }
        }
    }

    /// The server ends every stream.
    pub(crate) fn close_streams(&mut self) {
        for stream in core::mem::take(&mut self.streams).into_keys() {
            self.relays.handle_stream(self.now, StreamInput::Closed { stream });
            self.drain();
        }
    }
}

pub(crate) fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(crate) fn is_allocated(event: &RelaysEvent) -> bool {
    matches!(event, RelaysEvent::Allocated(_))
}
