use core::net::SocketAddr;
use core::time::Duration;

use arbitrary::{Arbitrary, Unstructured};
use zentalk_primitives::Transmit;

use super::link::Link;
use crate::Input;

/// The most steps that one input takes.
const MAX_OPS: usize = 48;

/// What happens to a call's two agents.
#[derive(Arbitrary, Debug)]
enum Op {
    /// Time passes, in milliseconds.
    Wait(u16),
    Loss(u8),
    Open(bool),
    /// An attacker's datagram.
    Forge {
        to: bool,
        source: u16,
        bytes: Vec<u8>,
    },
    /// One that passed, with some bits changed.
    Mutate {
        pick: u8,
        at: u16,
        xor: u8,
    },
    /// One that passed, cut or with something behind it.
    Stretch {
        pick: u8,
        len: u8,
        more: Vec<u8>,
    },
    /// One that passed, from elsewhere.
    Replay {
        pick: u8,
        source: u16,
    },
    /// The peer signals something.
    Candidate {
        to: bool,
        text: String,
    },
    EndOfCandidates(bool),
    Restart {
        who: bool,
        told: bool,
    },
    Socket {
        who: bool,
        socket: u8,
    },
    Remove {
        who: bool,
        socket: u8,
    },
}

/// Two agents over a lossy link, an attacker on the path and beside it, interfaces that come and go, restarts. Nothing that is not
/// authentic counts, output and time are bounded, and after the storm a restart connects (RFC 8445 §9).
pub fn engine_ice(data: &[u8]) {
    let mut bytes = Unstructured::new(data);
    let Ok(seed) = u64::arbitrary(&mut bytes) else { return };
    let Ok(ops) = Vec::<Op>::arbitrary_take_rest(bytes) else { return };
    let mut link = Link::new(seed);
    for op in ops.into_iter().take(MAX_OPS) {
        step(&mut link, op);
    }
    reconnect(&mut link);
}

fn step(link: &mut Link, op: Op) {
    match op {
        Op::Wait(millis) => link.run(Duration::from_millis(u64::from(millis % 12_000))),
        Op::Loss(percent) => link.loss = u32::from(percent % 101),
        Op::Open(who) => link.open(usize::from(who)),
        Op::Forge { to, source, bytes } => {
            let to = usize::from(to);
            attack(link, to, Link::address(to, 0), address(source), &bytes);
        }
        Op::Mutate { pick, at, xor } => {
            if let Some(packet) = picked(link, pick).filter(|_| xor != 0) {
                let mut bytes = packet.payload;
                let at = usize::from(at) % bytes.len();
                bytes[at] ^= xor;
                attack(link, receiver(packet.remote), packet.remote, packet.local, &bytes);
            }
        }
        Op::Stretch { pick, len, more } => {
            if let Some(packet) = picked(link, pick) {
                let mut bytes = packet.payload.clone();
                bytes.truncate(usize::from(len));
                bytes.extend(more);
                if bytes != packet.payload {
                    attack(link, receiver(packet.remote), packet.remote, packet.local, &bytes);
                }
            }
        }
        Op::Replay { pick, source } => {
            if let Some(packet) = picked(link, pick) {
                let (local, remote) = (packet.remote, address(source));
                let payload = &packet.payload[..];
                link.input(receiver(local), Input::Datagram { local, remote, payload });
            }
        }
        Op::Candidate { to, text } => {
            link.input(usize::from(to), Input::RemoteCandidateText(&text));
        }
        Op::EndOfCandidates(to) => link.input(usize::from(to), Input::RemoteEndOfCandidates),
        Op::Restart { who, told } => restart(link, usize::from(who), told),
        Op::Socket { who, socket } => link.add_socket(usize::from(who), socket),
        Op::Remove { who, socket } => {
            let who = usize::from(who);
            let now = link.now;
            link.agents[who].remove_local(now, Link::address(who, socket));
            link.drain(who);
        }
    }
}

/// What is not authentic neither counts nor validates, nor is it answered.
fn attack(link: &mut Link, to: usize, local: SocketAddr, remote: SocketAddr, payload: &[u8]) {
    let counted = |link: &Link| {
        let stats = link.stats(to);
        (stats.checks_received, stats.responses_received)
    };
    let validated = |link: &Link| link.agents[to].is_validated(local, remote);
    let before = (counted(link), validated(link));
    link.input(to, Input::Datagram { local, remote, payload });
    assert_eq!((counted(link), validated(link)), before);
}

fn picked(link: &Link, pick: u8) -> Option<Transmit> {
    let count = link.seen.len().max(1);
    link.seen.get(usize::from(pick) % count).cloned()
}

fn receiver(address: SocketAddr) -> usize {
    usize::from(address.ip() == Link::address(1, 0).ip())
}

/// Some address: of one of the two, or of somebody else.
fn address(number: u16) -> SocketAddr {
    let [high, low] = number.to_be_bytes();
    match high {
        0..64 => Link::address(0, low % 16),
        64..128 => Link::address(1, low % 16),
        _ => SocketAddr::from(([203, 0, 113, high], 1 + u16::from(low))),
    }
}

/// Both begin anew; or only one does, and the other does not hear of it.
fn restart(link: &mut Link, who: usize, told: bool) {
    link.restart(who);
    if told {
        link.restart(1 - who);
        link.exchange_credentials();
    }
    link.drain(who);
}

fn reconnect(link: &mut Link) {
    link.loss = 0;
    for who in [0, 1] {
        link.open(who);
        link.add_socket(who, 0);
    }
    restart(link, 0, true);
    link.run(Duration::from_secs(20));
    for agent in &link.agents {
        assert!(agent.may_send_media(link.now), "no pair after a restart: {:?}", agent.state());
    }
}
