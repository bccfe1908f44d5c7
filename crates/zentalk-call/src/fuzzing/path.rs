use core::net::IpAddr;
use core::time::Duration;

use arbitrary::{Arbitrary, Unstructured};
use zentalk_signaling_ratchet::CallBody;
use zentalk_signaling_ratchet::messages::{Candidate, Restart};
use zeroize::Zeroizing;

use super::call::{self, Op};
use super::peer::{Peer, RELAY};
use super::victim::{self, TURN, Victim};
use crate::engine::{
    EngineConfig, Input, Privacy, RelayServer, StreamInput, TurnCredentials, TurnGrant,
};

/// The most steps that one input takes.
const MAX_OPS: usize = 32;

#[derive(Arbitrary, Debug)]
struct Case {
    /// Whether the peer has a relay of its own.
    foreign: bool,
    relay_only: bool,
    hidden: bool,
    ops: Vec<PathOp>,
}

/// One step: of the call, or of the path it takes.
#[derive(Arbitrary, Debug)]
enum PathOp {
    Call(Op),
    Restart {
        round: u32,
        ahead: u8,
        candidate: Option<String>,
    },
    /// Servers that are no friends.
    Grant {
        servers: u8,
        minutes: u8,
    },
    NoGrant,
    /// What a TURN server says, over UDP or over the last connection that was asked for.
    Turn(Vec<u8>),
    Connected,
    Received(Vec<u8>),
    Closed,
    AddSocket(u8),
    RemoveSocket(u8),
    NetworkChanged,
    Undeliverable,
    Resolved {
        name: String,
        address: [u8; 4],
    },
}

/// One participant with TURN servers and a network that changes, under a peer, servers and a network that keep to nothing.
pub fn engine_path(data: &[u8]) {
    let Ok(case) = Case::arbitrary_take_rest(Unstructured::new(data)) else { return };
    let relay = if case.foreign { "wss://elsewhere.example" } else { RELAY };
    let mut config = EngineConfig::default();
    config.privacy = if case.relay_only { Privacy::RelayOnly } else { Privacy::Direct };
    config.hide_host_addresses = case.hidden;
    let (mut victim, mut peer) = (Victim::with(config), Peer::new(relay));
    victim.drain(&mut peer);
    for op in case.ops.iter().take(MAX_OPS) {
        apply(&mut victim, &mut peer, op);
        victim.drain(&mut peer);
    }
}

fn apply(victim: &mut Victim, peer: &mut Peer, op: &PathOp) {
    let stream = victim.stream();
    match op {
        PathOp::Call(op) => call::apply(victim, peer, op),
        PathOp::Restart { round, ahead, candidate } => {
            restart(victim, peer, (*round, *ahead), candidate);
        }
        PathOp::Grant { servers, minutes } => {
            victim.input(Input::TurnGrant(Some(grant(*servers, *minutes))));
        }
        PathOp::NoGrant => victim.input(Input::TurnGrant(None)),
        PathOp::Turn(payload) => victim.datagram(TURN, payload.clone()),
        PathOp::Connected => {
            let local = ([192, 0, 2, 1], 50_000).into();
            victim.input(Input::Stream(StreamInput::Connected { stream, local }));
        }
        PathOp::Received(payload) => {
            victim.input(Input::Stream(StreamInput::Received { stream, payload: payload.clone() }));
        }
        PathOp::Closed => victim.input(Input::Stream(StreamInput::Closed { stream })),
        PathOp::AddSocket(port) => victim.add_socket(*port),
        PathOp::RemoveSocket(port) => victim.remove_socket(*port),
        PathOp::NetworkChanged => victim.network_changed(),
        PathOp::Undeliverable => {
            if let Some(call) = victim.engine.active_call() {
                victim.input(Input::Undeliverable { call });
            }
        }
        PathOp::Resolved { name, address } => {
            let address = IpAddr::from(*address);
            victim.input(Input::NameResolved { name: name.clone(), address });
        }
    }
}

/// A restart of this round, or, if that is 0, of one so many ahead of the first.
fn restart(victim: &mut Victim, peer: &mut Peer, round: (u32, u8), candidate: &Option<String>) {
    let round = if round.0 == 0 { u32::from(round.1) } else { round.0 };
    let candidate =
        candidate.as_ref().and_then(|line| Candidate::new("0".to_owned(), line.clone()).ok());
    let password = Zeroizing::new("0123456789abcdefghijkl".to_owned());
    let ufrag = format!("abcd{round}");
    let restart = Restart::new(round, ufrag, password, candidate.into_iter().collect());
    let Some(call) = victim.engine.active_call() else { return };
    let (before, agreed) = (victim.engine.dropped_messages(), victim.has_agreed());
    let heard = victim.hear(peer, call, restart.ok().map(CallBody::Restart), 0);
    if heard && !agreed {
        assert_eq!(victim.engine.dropped_messages(), before + 1, "a restart before the accept");
    }
}

fn grant(servers: u8, minutes: u8) -> TurnGrant {
    let server = |number: u8| {
        let address = victim::server(TURN);
        RelayServer::new(format!("turn{number}.example")).udp(address).tcp(address).tls(address)
    };
    let credentials = TurnCredentials::new("1:user", "password".to_owned());
    let lifetime = Duration::from_secs(60 * u64::from(minutes));
    TurnGrant::new((0..servers).map(server).collect(), credentials, lifetime)
}
