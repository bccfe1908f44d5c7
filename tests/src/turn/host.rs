//! A machine with a TURN server: the product's own core, with the virtual network for sockets.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustls::ServerConfig;
use zentalk_ice_nat::relays::{Location, RelayServer};
use zentalk_node::turn::core::{
    AddressFamily, CoreConfig, CoreOutput, NoRelay, OpenedRelay, Ports, Realm, StreamId,
    TurnServerCore,
};
use zentalk_node::turn::credentials::RestSecrets;
use zentalk_node::turn::peers::PeerPolicy;
use zentalk_primitives::{Instant, Secret, Transmit, UnixTime};

use super::authority::server_config;
use super::session::Session;
use crate::network::{Direction, End, Link, Network, PipeId};

/// How a TURN server is put up.
#[derive(Clone, Debug)]
pub struct TurnSite {
    /// What joins it to the backbone.
    pub access: Link,
    /// Where it stands.
    pub location: Option<Location>,
    /// Whether it has an IPv6 address.
    pub ipv6: bool,
    /// Whether it takes UDP and plain TCP: else TLS only.
    pub only_tls: bool,
}

impl Default for TurnSite {
    /// Near the backbone, dual stack, all transports.
    fn default() -> Self {
        let access = Link::perfect(Duration::from_millis(2));
        Self { access, location: None, ipv6: true, only_tls: false }
    }
}

/// A TURN server that runs.
pub struct TurnHost {
    name: String,
    addresses: Vec<IpAddr>,
    site: TurnSite,
    core: TurnServerCore,
    tls: Arc<ServerConfig>,
    sessions: BTreeMap<PipeId, Session>,
    relays: BTreeSet<SocketAddr>,
    timeout: Option<Instant>,
    /// What was said on streams, after TLS was taken off.
    plain: BTreeMap<(SocketAddr, StreamId, Direction), Vec<u8>>,
    keeps_plain: bool,
}

const PLAIN_PORT: u16 = 3478;
/// TURNS where firewalls let it through: RFC 8656 §4 has 5349, and 443 looks like the web.
const TLS_PORTS: [u16; 2] = [443, 5349];

impl TurnHost {
    /// The server with this number, on the network.
    #[allow(clippy::expect_used)] // The name of a test's server is a realm.
    pub(super) fn new(
        number: u8,
        site: TurnSite,
        (secrets, nonce_key): (RestSecrets, Secret<32>),
        network: &mut Network,
    ) -> Self {
        let name = format!("turn{number}.test");
        let mut addresses = vec![IpAddr::V4(Ipv4Addr::new(203, 0, 113, 200 + number))];
        if site.ipv6 {
            let last = 200 + u16::from(number);
            addresses.push(Ipv6Addr::new(0x2001, 0xdb8, 0xffff, 0, 0, 0, 0, last).into());
        }
        let realm = Realm::new(&name).expect("a realm");
        let config = CoreConfig::new(realm, secrets, nonce_key).peers(peers());
        addresses.iter().for_each(|address| network.set_access(*address, site.access));
        let host = Self {
            tls: server_config(&name),
            name,
            addresses,
            site,
            core: TurnServerCore::new(config),
            sessions: BTreeMap::new(),
            relays: BTreeSet::new(),
            timeout: None,
            plain: BTreeMap::new(),
            keeps_plain: false,
        };
        host.listens().for_each(|address| network.listen(address));
        host
    }

    /// Its addresses.
    pub fn addresses(&self) -> &[IpAddr] {
        &self.addresses
    }

    /// Where it answers STUN.
    pub fn stun(&self) -> impl Iterator<Item = SocketAddr> {
        self.addresses.iter().map(|address| SocketAddr::new(*address, PLAIN_PORT))
    }

    /// Where clients reach it.
    pub fn listens(&self) -> impl Iterator<Item = SocketAddr> {
        let ports = TLS_PORTS.into_iter().chain((!self.site.only_tls).then_some(PLAIN_PORT));
        ports.flat_map(|port| self.addresses.iter().map(move |ip| SocketAddr::new(*ip, port)))
    }

    /// Whether this address of its own belongs to an allocation.
    pub fn relays_at(&self, address: SocketAddr) -> bool {
        self.relays.contains(&address)
    }

    /// How many allocations there are.
    pub fn allocations(&self) -> usize {
        self.relays.len()
    }

    /// Keeps what is said on its streams from now on, without the TLS around it.
    pub fn watch(&mut self) {
        self.keeps_plain = true;
    }

    /// What was said on streams: by or to which client, as seen from here, and all the bytes of that direction,
    /// as its client sees it.
    pub fn heard(&self) -> impl Iterator<Item = (SocketAddr, Direction, &[u8])> {
        self.plain.iter().map(|((client, _, way), bytes)| (*client, *way, bytes.as_slice()))
    }

    /// Its entry in a list of servers.
    pub fn entry(&self) -> RelayServer {
        let mut entry = RelayServer::new(&self.name);
        for address in &self.addresses {
            if !self.site.only_tls {
                let plain = SocketAddr::new(*address, PLAIN_PORT);
                entry = entry.udp(plain).tcp(plain);
            }
            entry = entry.tls(SocketAddr::new(*address, TLS_PORTS[0]));
        }
        match self.site.location {
            Some(location) => entry.located(location),
            None => entry,
        }
    }

    pub(super) fn serves(&self, pipe: PipeId) -> bool {
        self.sessions.contains_key(&pipe)
    }

    pub(crate) const fn timeout(&self) -> Option<Instant> {
        self.timeout
    }

    /// A datagram for one of its addresses.
    pub(crate) fn handle_datagram(
        &mut self,
        now: Instant,
        unix_now: UnixTime,
        datagram: &Transmit,
        network: &mut Network,
    ) {
        let (local, remote, payload) = (datagram.remote, datagram.local, &datagram.payload);
        if self.relays.contains(&local) {
            self.core.peer_received(now, local, remote, payload);
        } else if local.port() == PLAIN_PORT && !self.site.only_tls {
            self.core.handle_datagram(now, unix_now, local, remote, payload);
        }
        self.drain(now, network);
    }

    /// A client connected; `number` was given to no stream before.
    pub(crate) fn accept(
        &mut self,
        now: Instant,
        (pipe, number): (PipeId, u64),
        (client, listen): (SocketAddr, SocketAddr),
        network: &mut Network,
    ) {
        let session = Session::new(StreamId(number), client, listen);
        let session = match TLS_PORTS.contains(&listen.port()) {
            true => session.secured(&self.tls),
            false => session,
        };
        self.sessions.insert(pipe, session);
        self.announce(now, pipe);
        self.drain(now, network);
    }

    /// Bytes came from a client.
    pub(crate) fn receive(
        &mut self,
        now: Instant,
        unix_now: UnixTime,
        (pipe, wire): (PipeId, Vec<u8>),
        network: &mut Network,
    ) {
        let Some(session) = self.sessions.get_mut(&pipe) else { return };
        let (stream, opened) = (session.stream, session.open(wire));
        // What TLS has to say of its own: the handshake, an alert.
        let answer = session.seal(Vec::new());
        if !answer.is_empty() {
            network.write(now, pipe, End::Server, answer);
        }
        if opened.broken {
            network.close(now, pipe, End::Server);
            return self.closed(now, pipe, network);
        }
        self.announce(now, pipe);
        if !opened.plain.is_empty() {
            self.keep(pipe, Direction::Out, &opened.plain);
            self.core.stream_received(now, unix_now, stream, &opened.plain);
        }
        self.drain(now, network);
    }

    /// A client is gone.
    pub(crate) fn closed(&mut self, now: Instant, pipe: PipeId, network: &mut Network) {
        if let Some(session) = self.sessions.remove(&pipe).filter(|session| session.announced) {
            self.core.stream_closed(now, session.stream);
        }
        self.drain(now, network);
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant, network: &mut Network) {
        self.core.handle_timeout(now);
        self.drain(now, network);
    }

    /// Tells the core of a stream once it carries TURN.
    fn announce(&mut self, now: Instant, pipe: PipeId) {
        let ready = |session: &&mut Session| !session.announced && session.is_ready();
        if let Some(session) = self.sessions.get_mut(&pipe).filter(ready) {
            session.announced = true;
            self.core.stream_opened(now, session.stream, session.listen, session.client);
        }
    }

    fn drain(&mut self, now: Instant, network: &mut Network) {
        loop {
            match self.core.poll_output() {
                CoreOutput::Timeout(at) => {
                    self.timeout = at;
                    return;
                }
                output => self.carry_out(now, output, network),
            }
        }
    }

    fn carry_out(&mut self, now: Instant, output: CoreOutput, network: &mut Network) {
        match output {
            CoreOutput::Datagram { listen, client, payload } => {
                network.send(now, Transmit { local: listen, remote: client, payload });
            }
            CoreOutput::Relay { relay, peer, payload } => {
                network.send(now, Transmit { local: relay, remote: peer, payload });
            }
            CoreOutput::StreamWrite { stream, payload, .. } => {
                let Some(pipe) = self.pipe_of(stream) else { return };
                self.keep(pipe, Direction::In, &payload);
                if let Some(session) = self.sessions.get_mut(&pipe) {
                    network.write(now, pipe, End::Server, session.seal(payload));
                }
            }
            CoreOutput::StreamClose { stream } => {
                if let Some(pipe) = self.pipe_of(stream) {
                    self.sessions.remove(&pipe);
                    network.close(now, pipe, End::Server);
                }
            }
            CoreOutput::OpenRelay { request, family, ports } => {
                let opened = self.open_relay(family, ports, network);
                self.core.relay_opened(now, request, opened);
            }
            CoreOutput::CloseRelay { relay } => {
                self.relays.remove(&relay);
            }
            _ => {}
        }
    }

    fn pipe_of(&self, stream: StreamId) -> Option<PipeId> {
        let mut sessions = self.sessions.iter();
        sessions.find(|(_, session)| session.stream == stream).map(|(pipe, _)| *pipe)
    }

    fn keep(&mut self, pipe: PipeId, way: Direction, bytes: &[u8]) {
        if let Some(session) = self.sessions.get(&pipe).filter(|_| self.keeps_plain) {
            let key = (session.client, session.stream, way);
            self.plain.entry(key).or_default().extend_from_slice(bytes);
        }
    }

    fn open_relay(
        &mut self,
        family: AddressFamily,
        ports: Ports,
        network: &mut Network,
    ) -> Result<OpenedRelay, NoRelay> {
        let of_family = |address: &&IpAddr| AddressFamily::of(**address) == family;
        let address = *self.addresses.iter().find(of_family).ok_or(NoRelay)?;
        if ports != Ports::Any {
            // Nobody here asks for special ports.
            return Err(NoRelay);
        }
        loop {
            let relay = SocketAddr::new(address, network.port());
            if self.relays.insert(relay) {
                return Ok(OpenedRelay::from(relay));
            }
        }
    }
}

/// The virtual network lies in ranges that are reserved for documentation (RFC 5737, RFC 3849), which a real
/// server relays to no more than to private ones. The latter stay refused here, too.
fn peers() -> PeerPolicy {
    ["203.0.113.0/24", "2001:db8::/32"]
        .into_iter()
        .filter_map(|range| range.parse().ok())
        .fold(PeerPolicy::default(), PeerPolicy::allow)
}
