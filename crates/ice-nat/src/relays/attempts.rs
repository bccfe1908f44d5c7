//! Links: how they begin, what passes through them, how they end.

use core::net::{IpAddr, SocketAddr};

use tracing::debug;
use zentalk_primitives::{Instant, Transmit};

use super::link::{CONNECT_TIMEOUT, Carrier, LEAVING, Link, LinkId, Stage};
use super::{Relays, RelaysEvent, RelaysOutput, StreamId, StreamOutput};
use crate::limits::MAX_ALLOCATIONS;
use crate::socket::can_reach;
use crate::turn::{AddressFamilies, TurnClient, TurnConfig, TurnFailure, TurnInput, TurnOutput};
use crate::{Error, TransportProtocol};

/// Where an attempt goes out.
pub(super) struct Way {
    pub(super) ladder: u64,
    pub(super) rung: TransportProtocol,
    pub(super) interface: IpAddr,
    /// Whether it stands in for one that ended with 437.
    pub(super) repeated: bool,
}

impl Relays {
    /// Begins an attempt; says whether one is under way, or waits for a socket.
    pub(super) fn attempt(&mut self, now: Instant, way: &Way) -> bool {
        let (rung, interface) = (way.rung, way.interface);
        let Some(server) = self.server_address(way) else { return false };
        if self.links.len() >= MAX_ALLOCATIONS {
            return false;
        }
        let carrier = match rung {
            TransportProtocol::Udp => match self.free_socket(way, server) {
                Some(local) => Carrier::Udp { local },
                None => return self.want_socket(way),
            },
            TransportProtocol::Tcp | TransportProtocol::Tls => {
                let stream = StreamId(self.next_stream);
                self.next_stream = self.next_stream.wrapping_add(1);
                let connect = StreamOutput::Connect { stream, local: interface, remote: server };
                self.out.push_back(RelaysOutput::Stream(connect));
                Carrier::Stream { stream, interface, local: None }
            }
        };
        debug!(?rung, "TURN server is tried");
        let id = LinkId(self.fresh_id());
        self.links.push(Link {
            id,
            ladder: way.ladder,
            rung,
            server,
            carrier,
            client: None,
            stage: Stage::Climbing,
            timeout: Some(now + CONNECT_TIMEOUT),
            relayed: Vec::new(),
            repeated: way.repeated,
        });
        if let Carrier::Udp { local } = carrier {
            self.connected(now, id, local);
        }
        true
    }

    /// The attempt is made when there is a socket for it.
    fn want_socket(&mut self, way: &Way) -> bool {
        let Some(ladder) = self.ladder_mut(way.ladder) else { return false };
        if !ladder.wanting.contains(&way.interface) {
            ladder.wanting.push(way.interface);
            self.event(RelaysEvent::SocketNeeded { interface: way.interface });
        }
        true
    }

    /// Makes the attempts that waited for a socket.
    pub(super) fn use_free_sockets(&mut self, now: Instant) {
        let rung = TransportProtocol::Udp;
        let mut ready = Vec::new();
        for ladder in self.ladders.iter().filter(|ladder| ladder.best.is_none()) {
            for interface in &ladder.wanting {
                let repeated = !ladder.spoilt.is_empty();
                let way = Way { ladder: ladder.id, rung, interface: *interface, repeated };
                let server = self.server_address(&way);
                if server.is_some_and(|server| self.free_socket(&way, server).is_some()) {
                    ready.push(way);
                }
            }
        }
        for way in ready {
            if let Some(ladder) = self.ladder_mut(way.ladder) {
                ladder.wanting.retain(|interface| *interface != way.interface);
            }
            self.attempt(now, &way);
        }
    }

    /// The first address of the server that can be reached from there.
    fn server_address(&self, way: &Way) -> Option<SocketAddr> {
        let ladder = self.ladders.iter().find(|ladder| ladder.id == way.ladder)?;
        let grant = self.grant.as_ref().filter(|grant| grant.number == ladder.grant)?;
        let addresses = grant.servers.get(ladder.server)?.server.addresses(way.rung);
        // The port does not matter.
        let from = SocketAddr::new(way.interface, 1);
        addresses.iter().find(|server| can_reach(from, **server)).copied()
    }

    /// A socket on the interface that has nothing to do with this server yet: an allocation belongs to both (RFC 8656 §3.2).
    fn free_socket(&self, way: &Way, server: SocketAddr) -> Option<SocketAddr> {
        let ladder = self.ladders.iter().find(|ladder| ladder.id == way.ladder);
        let is_spoilt =
            |local: &SocketAddr| ladder.is_some_and(|ladder| ladder.spoilt.contains(local));
        let is_free = |local: &SocketAddr| {
            let on_it = local.ip() == way.interface && !is_spoilt(local);
            on_it && !self.links.iter().any(|link| link.is_between(*local, server))
        };
        self.locals.iter().copied().find(is_free)
    }

    /// The way to the server is open: the TURN client begins.
    pub(super) fn connected(&mut self, now: Instant, id: LinkId, local: SocketAddr) {
        let Some(config) = self.configure(id, local) else { return };
        let made = TurnClient::new(now, config);
        let Some(link) = self.link_mut(id) else { return };
        match made {
            Ok(client) => {
                link.client = Some(client);
                link.timeout = None;
                self.drain(now, id);
            }
            Err(Error::MalformedTurnUsername) => self.fail(now, id, TurnFailure::Unauthorized),
            Err(_) => self.fail(now, id, TurnFailure::BadCertificate),
        }
    }

    /// Once only: a second connection of one stream means nothing.
    fn configure(&mut self, id: LinkId, local: SocketAddr) -> Option<TurnConfig> {
        let index = self.links.iter().position(|link| link.id == id && link.client.is_none())?;
        let (link, grant) = (self.links.get_mut(index)?, self.grant.as_ref()?);
        let ladder = self.ladders.iter().find(|ladder| ladder.id == link.ladder)?;
        if let Carrier::Stream { local: open, .. } = &mut link.carrier {
            *open = Some(local);
        }
        let (server, credentials) = (link.server, grant.credentials.duplicate());
        let config = match link.rung {
            TransportProtocol::Udp => TurnConfig::udp(local, server, credentials),
            TransportProtocol::Tcp => TurnConfig::tcp(local, server, credentials),
            TransportProtocol::Tls => {
                let host = grant.servers.get(ladder.server)?.server.host().to_owned();
                TurnConfig::tls(local, server, credentials, host, self.trust.clone())
            }
        };
        // Peers may speak either version; a server that has only one grants that.
        Some(config.families(AddressFamilies::Both))
    }

    /// Hands what a server sent to the client that it is for.
    pub(super) fn feed(&mut self, now: Instant, id: LinkId, input: TurnInput<'_>) {
        if let Some(client) = self.link_mut(id).and_then(|link| link.client.as_mut()) {
            client.handle_input(now, input);
        }
        self.drain(now, id);
    }

    /// Takes everything from a client that it has to say.
    pub(super) fn drain(&mut self, now: Instant, id: LinkId) {
        // An event may end the link: it is looked up again each time.
        while let Some(link) = self.link_mut(id)
            && let Some(client) = &mut link.client
        {
            match client.poll_output() {
                TurnOutput::Send(payload) => {
                    let output = carry(link, payload);
                    self.packet(output);
                }
                TurnOutput::Event(event) => self.handle_event(now, id, event),
                TurnOutput::Timeout(at) => {
                    link.timeout = at;
                    return;
                }
            }
        }
    }

    /// The stream of a link ended, or never began.
    pub(super) fn closed(&mut self, now: Instant, id: LinkId) {
        self.feed(now, id, TurnInput::Closed);
        // A client that is not there yet, or is leaving, says nothing.
        self.fail(now, id, TurnFailure::Closed);
    }

    /// A link is over. What was under way is tried differently, what served is replaced.
    pub(super) fn fail(&mut self, now: Instant, id: LinkId, failure: TurnFailure) {
        let Some(link) = self.take(id) else { return };
        match link.stage {
            Stage::Climbing => self.attempt_failed(now, &link, failure),
            Stage::Serving => self.serving_failed(now, &link, failure),
            Stage::Leaving { .. } => {}
        }
    }

    /// Lets timers run.
    pub(super) fn wake_links(&mut self, now: Instant) {
        let due = |link: &Link| link.next_timeout().is_some_and(|at| at <= now);
        let due: Vec<_> = self.links.iter().filter(|link| due(link)).map(|link| link.id).collect();
        for id in due {
            let Some(link) = self.link_mut(id) else { continue };
            match (&mut link.client, link.stage) {
                (_, Stage::Leaving { until }) if until <= now => drop(self.take(id)),
                (Some(client), _) => {
                    client.handle_timeout(now);
                    self.drain(now, id);
                }
                (None, _) => self.fail(now, id, TurnFailure::Unreachable),
            }
        }
    }

    /// A link is not wanted (any more). Over UDP the client of one without an allocation waits for that, for the server may have
    /// made it already; a stream's ends with the stream.
    pub(super) fn leave(&mut self, now: Instant, id: LinkId) {
        let Some(link) = self.link_mut(id) else { return };
        let (until, is_udp) = (now + LEAVING, link.stream().is_none());
        match (link.stage, &mut link.client) {
            (Stage::Leaving { .. }, _) => {}
            (stage, Some(client)) if is_udp || stage == Stage::Serving => {
                link.stage = Stage::Leaving { until };
                client.release(now);
                self.drain(now, id);
            }
            _ => drop(self.take(id)),
        }
    }

    /// Forgets a link, and closes its stream.
    pub(super) fn take(&mut self, id: LinkId) -> Option<Link> {
        let index = self.links.iter().position(|link| link.id == id)?;
        let link = self.links.remove(index);
        self.out.extend(link.close().map(RelaysOutput::Stream));
        Some(link)
    }
}

fn carry(link: &Link, payload: Vec<u8>) -> RelaysOutput {
    match link.carrier {
        Carrier::Udp { local } => {
            RelaysOutput::Transmit(Transmit { local, remote: link.server, payload })
        }
        Carrier::Stream { stream, .. } => {
            RelaysOutput::Stream(StreamOutput::Write { stream, payload })
        }
    }
}
