//! All relays of a call, whose servers do what they like.

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use arbitrary::{Arbitrary, Unstructured};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use zentalk_primitives::{Instant, Transmit};

use super::turn::server::{Attack, PASSWORD, Server, USERNAME};
use crate::relays::{
    RelayServer, Relays, RelaysEvent, RelaysOutput, StreamId, StreamInput, StreamOutput,
};
use crate::turn::{TlsTrust, TurnCredentials};
use crate::{MAX_ALLOCATIONS, MAX_LOCAL_SOCKETS, MAX_QUEUED};

/// The most steps that one input takes.
const MAX_OPS: usize = 64;

#[derive(Arbitrary, Debug)]
enum Op {
    /// Time passes, in milliseconds.
    Wait(u16),
    Grant {
        servers: u8,
        seconds: u16,
    },
    AddLocal(u8),
    RemoveLocal(u8),
    /// Whoever heard us says something, right, wrong or false.
    Server {
        carrier: u8,
        attack: Attack,
    },
    /// All of them say what true ones would.
    Honest(u8),
    Raw {
        carrier: u8,
        bytes: Vec<u8>,
    },
    /// What happens to a connection, whether it is asked for or not.
    Connected(u8),
    Closed(u8),
    Send {
        relay: u8,
        peer: u8,
        length: u16,
    },
    Select {
        relay: u8,
        peer: u8,
    },
    Retire,
}

/// Relays whose servers, interfaces and connections come, go and lie. Nothing leaves for anyone but a TURN server, from anywhere but a socket
/// or connection of ours; output, time and allocations are bounded; every address is told once and lost once. Afterwards an honest server is
/// found, and a release comes to an end.
pub fn engine_relays(data: &[u8]) {
    let mut bytes = Unstructured::new(data);
    let Ok(seed) = u64::arbitrary(&mut bytes) else { return };
    let Ok(ops) = Vec::<Op>::arbitrary_take_rest(bytes) else { return };
    let mut call = Call::new(seed);
    for op in ops.into_iter().take(MAX_OPS) {
        call.step(op);
    }
    call.recover();
    call.end();
}

/// What bytes travel in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Carrier {
    Udp(SocketAddr, SocketAddr),
    Stream(StreamId),
}

struct Call {
    now: Instant,
    relays: Relays,
    locals: BTreeSet<SocketAddr>,
    servers: BTreeMap<Carrier, Server>,
    /// Streams that were asked for, and whether they are connected.
    streams: BTreeMap<StreamId, bool>,
    relayed: BTreeSet<SocketAddr>,
    wake: Option<Instant>,
}

impl Call {
    fn new(seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let trust = TlsTrust::web_pki().expect("roots");
        let mut call = Self {
            now: Instant::from_millis(1_000),
            relays: Relays::new(trust, &mut rng),
            locals: BTreeSet::new(),
            servers: BTreeMap::new(),
            streams: BTreeMap::new(),
            relayed: BTreeSet::new(),
            wake: None,
        };
        call.add_local(local(0));
        call.grant(2, 3_600);
        call
    }

    fn step(&mut self, op: Op) {
        match op {
            Op::Wait(millis) => self.wait(Duration::from_millis(u64::from(millis) * 2)),
            Op::Grant { servers, seconds } => self.grant(servers % 4, seconds),
            Op::AddLocal(number) => self.add_local(local(number)),
            Op::RemoveLocal(number) => self.remove_local(local(number)),
            Op::Server { carrier, attack } => {
                let said =
                    self.pick(carrier).and_then(|c| Some((c, self.servers[&c].act(attack)?)));
                if let Some((carrier, bytes)) = said {
                    self.say(carrier, bytes);
                }
            }
            Op::Honest(times) => (0..times % 8).for_each(|_| self.honest()),
            Op::Raw { carrier, bytes } => {
                if let Some(carrier) = self.pick(carrier) {
                    self.say(carrier, bytes);
                }
            }
            Op::Connected(stream) => self.connected(stream),
            Op::Closed(stream) => {
                let stream = self.stream(stream);
                self.relays.handle_stream(self.now, StreamInput::Closed { stream });
            }
            Op::Send { relay, peer, length } => {
                let payload = vec![relay; usize::from(length % 2_000)];
                let transmit = Transmit { local: self.relay(relay), remote: local(peer), payload };
                self.relays.send(self.now, &transmit);
            }
            Op::Select { relay, peer } => {
                self.relays.select(self.now, self.relay(relay), local(peer));
            }
            Op::Retire => self.relays.retire_old(self.now),
        }
        self.drain();
    }

    // What the driver does.

    fn grant(&mut self, servers: u8, seconds: u16) {
        let servers = (0..servers).map(server).collect();
        let credentials = TurnCredentials::new(USERNAME, PASSWORD.to_owned());
        let expires = self.now + Duration::from_secs(u64::from(seconds));
        self.relays.set_servers(self.now, servers, credentials, expires);
        self.drain();
    }

    fn add_local(&mut self, local: SocketAddr) {
        if self.locals.len() < MAX_LOCAL_SOCKETS {
            self.locals.insert(local);
            self.relays.add_local(self.now, local);
            self.drain();
        }
    }

    fn remove_local(&mut self, local: SocketAddr) {
        self.locals.remove(&local);
        self.relays.remove_local(self.now, local);
        self.drain();
    }

    fn connected(&mut self, number: u8) {
        let stream = self.stream(number);
        if let Some(connected) = self.streams.get_mut(&stream) {
            *connected = true;
        }
        let local = SocketAddr::new(local(number).ip(), 40_000 + u16::from(number));
        self.relays.handle_stream(self.now, StreamInput::Connected { stream, local });
    }

    // What servers do.

    fn say(&mut self, carrier: Carrier, payload: Vec<u8>) {
        match carrier {
            Carrier::Udp(local, remote) => {
                self.relays.handle_datagram(self.now, local, remote, &payload);
            }
            Carrier::Stream(stream) => {
                self.relays.handle_stream(self.now, StreamInput::Received { stream, payload });
            }
        }
        self.drain();
    }

    fn honest(&mut self) {
        for carrier in self.servers.keys().copied().collect::<Vec<_>>() {
            // What the one before said may have closed this one's stream.
            let server = self.servers.get(&carrier);
            if let Some(bytes) = server.and_then(|server| server.act(Attack::honest())) {
                self.say(carrier, bytes);
            }
        }
    }

    // What is there.

    fn pick(&self, number: u8) -> Option<Carrier> {
        let count = self.servers.len().max(1);
        self.servers.keys().nth(usize::from(number) % count).copied()
    }

    fn stream(&self, number: u8) -> StreamId {
        let count = self.streams.len() + 1;
        let known = self.streams.keys().nth(usize::from(number) % count);
        known.copied().unwrap_or(StreamId(u64::from(number)))
    }

    fn relay(&self, number: u8) -> SocketAddr {
        let count = self.relayed.len().max(1);
        self.relayed.iter().nth(usize::from(number) % count).copied().unwrap_or(local(number))
    }

    // Time and output.

    fn wait(&mut self, duration: Duration) {
        let end = self.now + duration;
        let mut wakes = 0;
        while let Some(at) = self.wake.filter(|at| *at <= end) {
            wakes = if at > self.now { 0 } else { wakes + 1 };
            assert!(wakes < 256, "time stands still");
            self.now = self.now.max(at);
            self.relays.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
    }

    /// Drains to `Timeout`, as the contract says; what one input brings forth is bounded.
    fn drain(&mut self) {
        for _ in 0..4 * MAX_QUEUED {
            match self.relays.poll_output() {
                RelaysOutput::Transmit(transmit) => self.hear_datagram(&transmit),
                RelaysOutput::Stream(output) => self.hear_stream(output),
                RelaysOutput::Event(event) => self.take(&event),
                RelaysOutput::Timeout(at) => {
                    self.wake = at;
                    assert!(self.streams.len() <= MAX_ALLOCATIONS, "streams without end");
                    assert!(self.relayed.iter().all(|relayed| self.relays.owns(*relayed)));
                    return;
                }
            }
        }
        panic!("output without end");
    }

    fn hear_datagram(&mut self, transmit: &Transmit) {
        assert!(self.locals.contains(&transmit.local), "from a socket that is not ours");
        assert!(is_server(transmit.remote), "to somebody else");
        let carrier = Carrier::Udp(transmit.local, transmit.remote);
        self.servers.entry(carrier).or_default().hears(&transmit.payload);
    }

    fn hear_stream(&mut self, output: StreamOutput) {
        match output {
            StreamOutput::Connect { stream, local, remote } => {
                assert!(is_server(remote) && self.locals.iter().any(|known| known.ip() == local));
                assert!(self.streams.insert(stream, false).is_none(), "a name given twice");
            }
            StreamOutput::Write { stream, payload } => {
                assert_eq!(self.streams.get(&stream), Some(&true), "to a stream that is not open");
                self.servers.entry(Carrier::Stream(stream)).or_default().hears(&payload);
            }
            StreamOutput::Close { stream } => {
                assert!(self.streams.remove(&stream).is_some(), "closed twice");
                self.servers.remove(&Carrier::Stream(stream));
            }
        }
    }

    fn take(&mut self, event: &RelaysEvent) {
        match event {
            RelaysEvent::Allocated(relay) => {
                assert!(self.relayed.insert(relay.relayed()), "allocated twice");
            }
            RelaysEvent::Lost(relayed) => assert!(self.relayed.remove(relayed), "lost twice"),
            RelaysEvent::Data { local, .. } => assert!(self.relayed.contains(local)),
            _ => {}
        }
    }

    // The end.

    /// Another network, fresh credentials, and servers that work.
    fn recover(&mut self) {
        for local in self.locals.clone() {
            self.remove_local(local);
        }
        assert!(self.relayed.is_empty(), "allocated from nowhere");
        self.servers.clear();
        self.add_local(local(77));
        self.grant(1, 3_600);
        for _ in 0..40 {
            self.honest();
            self.wait(Duration::from_millis(50));
        }
        assert!(!self.relayed.is_empty(), "no relay from an honest server");
    }

    fn end(&mut self) {
        self.relayed.clear();
        self.relays.release(self.now);
        self.drain();
        self.wait(Duration::from_secs(10));
        assert!(self.relays.is_idle() && self.wake.is_none(), "a release comes to an end");
        assert!(self.streams.is_empty());
    }
}

fn server(number: u8) -> RelayServer {
    let address = |port| SocketAddr::from(([203, 0, 113, number], port));
    RelayServer::new("turn.example").udp(address(3_478)).tcp(address(3_478)).tls(address(443))
}

fn is_server(address: SocketAddr) -> bool {
    (0..4).any(|number| address.ip() == SocketAddr::from(([203, 0, 113, number], 0)).ip())
}

/// Two sockets on each of some interfaces.
fn local(number: u8) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, number / 2 + 1], 4_000 + u16::from(number % 2)))
}
