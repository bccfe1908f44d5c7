use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use arbitrary::{Result, Unstructured};
use stun_types::message::{Message, MessageWriteVec};
use stun_types::prelude::{MessageWrite, MessageWriteExt};
use turn_types::attribute::{Data, XorPeerAddress};
use zentalk_primitives::{Instant, Secret, UnixTime};
use zeroize::Zeroizing;

use super::client::Client;
use crate::turn::core::{
    AddressFamily, CoreConfig, CoreOutput, Limits, NoRelay, OpenedRelay, Ports, Realm,
    RelayRequest, StreamId, TurnServerCore,
};
use crate::turn::credentials::{RestSecret, RestSecrets};
use crate::turn::peers::PeerPolicy;

pub(super) const REALM: &str = "turn.example";
pub(super) const PEERS: [&str; 8] = [
    "9.9.9.9:1",
    "9.9.9.9:2",
    "9.9.9.8:0",
    "127.0.0.1:80",
    "10.0.0.1:80",
    "[2606:4700::9]:1",
    "[::ffff:10.0.0.1]:1",
    "8.8.8.8:50000",
];
const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::new(8, 8, 4, 4)), 3_478);
const CLIENTS: u8 = 4;

pub(super) fn rest_secrets() -> RestSecrets {
    RestSecrets::new(RestSecret::new(Zeroizing::new(vec![b'n'; 32])).unwrap(), None)
}

/// A TURN server with clients that hold credentials and do anything with them, strangers, and peers. Whatever they do: it
/// relays to no denied peer, and from no socket that is not open; it stays within its limits; and once all is left alone,
/// nothing is left of it.
pub fn engine_turn_server(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let mut scene = Scene::new();
    while !input.is_empty() && scene.step(&mut input).is_ok() {}
    scene.end();
}

struct Scene {
    core: TurnServerCore,
    now: Instant,
    clients: Vec<Client>,
    streams: BTreeSet<StreamId>,
    relays: BTreeSet<SocketAddr>,
    waiting: Vec<(RelayRequest, AddressFamily, Ports)>,
    next_port: u16,
    next_stream: u64,
}

impl Scene {
    fn new() -> Self {
        let limits = Limits {
            allocations: 6,
            streams: 3,
            permissions: 3,
            channels: 2,
            requests_per_second: 1_000,
            ..Limits::default()
        };
        let config =
            CoreConfig::new(Realm::new(REALM).unwrap(), rest_secrets(), Secret::new([5; 32]))
                .limits(limits)
                .own_addresses([LISTEN.ip(), Ipv4Addr::new(8, 8, 8, 8).into()]);
        Self {
            core: TurnServerCore::new(config),
            now: Instant::ZERO,
            clients: (0..CLIENTS).map(|id| Client::new(id, unix(Instant::ZERO))).collect(),
            streams: BTreeSet::new(),
            relays: BTreeSet::new(),
            waiting: Vec::new(),
            next_port: 50_000,
            next_stream: 0,
        }
    }

    fn step(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        let who = input.int_in_range(0..=CLIENTS - 1)?;
        let stream = StreamId(u64::from(who));
        match input.int_in_range(0..=11_u8)? {
            0..=2 => {
                let request = self.clients[usize::from(who)].request(input)?;
                self.receive(who, &request);
            }
            3 => {
                let request = self.clients[usize::from(who)].request(input)?;
                self.core.stream_received(self.now, unix(self.now), stream, &request);
            }
            4 => self.receive(who, &send(input.choose(&PEERS)?)),
            5 => self.receive(who, &[0x40, input.arbitrary::<u8>()? & 1, 0, 1, 7]),
            6 => {
                let length = input.arbitrary_len::<u8>()?.min(64);
                let bytes = input.bytes(length)?.to_vec();
                self.receive(who, &bytes);
                self.core.stream_received(self.now, unix(self.now), stream, &bytes);
            }
            7 => {
                let id = StreamId(self.next_stream);
                self.next_stream += 1;
                self.streams.insert(id);
                self.core.stream_opened(self.now, id, LISTEN, client(who));
            }
            8 => self.core.stream_closed(self.now, stream),
            9 => {
                if let Some(relay) = self.relays.first() {
                    let peer = input.choose(&PEERS)?.parse().unwrap();
                    self.core.peer_received(self.now, *relay, peer, b"media");
                }
            }
            10 => self.open_waiting(input.ratio(7, 8)?),
            _ => self.pass(Duration::from_millis(u64::from(input.arbitrary::<u16>()?) * 10)),
        }
        self.drain();
        Ok(())
    }

    fn receive(&mut self, who: u8, payload: &[u8]) {
        self.core.handle_datagram(self.now, unix(self.now), LISTEN, client(who), payload);
    }

    /// The driver opens the sockets that were asked for, or cannot.
    fn open_waiting(&mut self, can: bool) {
        for (request, family, ports) in std::mem::take(&mut self.waiting) {
            if !can {
                self.core.relay_opened(self.now, request, Err(NoRelay));
                continue;
            }
            let ip = match family {
                AddressFamily::V4 => Ipv4Addr::new(8, 8, 8, 8).into(),
                AddressFamily::V6 => Ipv6Addr::new(0x2606, 0x4700, 0, 0, 0, 0, 0, 1).into(),
            };
            let relay = SocketAddr::new(ip, self.next_port);
            let next =
                (ports == Ports::EvenAndNext).then(|| SocketAddr::new(ip, self.next_port + 1));
            self.next_port = self.next_port.checked_add(2).unwrap_or(50_000);
            self.relays.extend([Some(relay), next].into_iter().flatten());
            self.core.relay_opened(self.now, request, Ok(OpenedRelay { relay, next }));
        }
    }

    fn pass(&mut self, duration: Duration) {
        self.now += duration;
        self.core.handle_timeout(self.now);
    }

    fn drain(&mut self) -> Option<Instant> {
        loop {
            match self.core.poll_output() {
                CoreOutput::Datagram { client: to, payload, .. } => {
                    let who = usize::from(to.port() - 1_000);
                    self.clients[who].read(&payload);
                }
                CoreOutput::StreamWrite { stream, payload, .. } => {
                    assert!(self.streams.contains(&stream), "a connection that was never opened");
                    self.clients[usize::try_from(stream.0).unwrap() % usize::from(CLIENTS)]
                        .read(&payload);
                }
                CoreOutput::OpenRelay { request, family, ports } => {
                    self.waiting.push((request, family, ports));
                }
                CoreOutput::CloseRelay { relay } => {
                    assert!(self.relays.remove(&relay), "closed twice");
                }
                CoreOutput::Relay { relay, peer, .. } => {
                    assert!(self.relays.contains(&relay), "from a socket that is not open");
                    assert!(PeerPolicy::default().allows(peer.ip()), "to a denied peer");
                    assert!(
                        peer.ip() != LISTEN.ip() && peer.ip() != Ipv4Addr::new(8, 8, 8, 8),
                        "to itself"
                    );
                }
                CoreOutput::Timeout(deadline) => {
                    assert!(self.core.counts().allocations <= 6 && self.core.counts().streams <= 3);
                    return deadline;
                }
                _ => {}
            }
        }
    }

    /// Everybody leaves.
    fn end(&mut self) {
        self.open_waiting(true);
        let mut rounds = 0;
        while let Some(deadline) = self.drain() {
            assert!(deadline <= self.now + Duration::from_secs(3_700), "nothing lasts longer");
            self.now = self.now.max(deadline);
            self.core.handle_timeout(self.now);
            rounds += 1;
            assert!(rounds < 1_000, "the deadline does not move");
        }
        let counts = self.core.counts();
        assert_eq!((counts.allocations, counts.streams, self.relays.len()), (0, 0, 0));
    }
}

fn client(who: u8) -> SocketAddr {
    SocketAddr::from(([1, 1, 1, who], 1_000 + u16::from(who)))
}

fn unix(now: Instant) -> UnixTime {
    UnixTime::from_millis(1_800_000_000_000 + now.as_millis())
}

fn send(peer: &str) -> Vec<u8> {
    let mut message =
        Message::builder_indication(turn_types::message::SEND, MessageWriteVec::new());
    let peer = XorPeerAddress::new(peer.parse().unwrap(), message.transaction_id());
    message.add_attribute(&peer).unwrap();
    message.add_attribute(&Data::new(b"media")).unwrap();
    message.finish()
}
