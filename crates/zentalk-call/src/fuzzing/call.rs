use core::time::Duration;

use arbitrary::{Arbitrary, Unstructured};
use zentalk_primitives::{CallId, DeviceId};
use zentalk_signaling_ratchet::CallBody;
use zentalk_signaling_ratchet::messages::{Candidate, Candidates, Elsewhere, EndCode};

use super::edit::Edit;
use super::peer::{Peer, RELAY};
use super::victim::Victim;
use crate::engine::Media;

/// The most steps that one input takes: each may make keys and certificates.
const MAX_OPS: usize = 24;

#[derive(Arbitrary, Debug)]
struct Case {
    /// Whether the peer has a relay of its own.
    foreign: bool,
    ops: Vec<Op>,
}

/// One step.
#[derive(Arbitrary, Debug)]
pub(super) enum Op {
    Say {
        call: u8,
        what: Said,
        queued: u8,
    },
    /// Something that no peer sealed, or the last sealed message damaged.
    Blob(Vec<u8>),
    Damage {
        what: Said,
        at: u16,
        bit: u8,
    },
    Datagram {
        from: u8,
        payload: Vec<u8>,
    },
    Place {
        video: bool,
    },
    Accept,
    Decline,
    HangUp,
    Wait {
        millis: u16,
    },
    WaitLong {
        seconds: u8,
    },
}

#[derive(Arbitrary, Debug)]
pub(super) enum Said {
    Offer { video: bool, edits: Vec<Edit> },
    Ringing(Vec<Edit>),
    Answer(Vec<Edit>),
    Candidate { address: [u8; 4], port: u16, tcp: bool },
    AnyCandidate(String),
    End(u8),
    Busy,
    Accepted(u8),
    Declined(u8),
}

/// One participant under a peer who has a session with it and keeps to nothing, under forged deliveries and under any datagrams.
pub fn engine_call(data: &[u8]) {
    let Ok(case) = Case::arbitrary_take_rest(Unstructured::new(data)) else { return };
    let relay = if case.foreign { "wss://elsewhere.example" } else { RELAY };
    let (mut victim, mut peer) = (Victim::new(), Peer::new(relay));
    victim.drain(&mut peer);
    for op in case.ops.iter().take(MAX_OPS) {
        apply(&mut victim, &mut peer, op);
        victim.drain(&mut peer);
    }
}

pub(super) fn apply(victim: &mut Victim, peer: &mut Peer, op: &Op) {
    match op {
        Op::Say { call, what, queued } => {
            let call = call_id(victim, *call);
            let body = body(peer, what);
            let _ = victim.hear(peer, call, body, *queued);
        }
        Op::Blob(blob) => victim.deliver(blob.clone(), Duration::ZERO),
        Op::Damage { what, at, bit } => {
            let call = call_id(victim, 0);
            let blob = body(peer, what).and_then(|body| peer.seal(call, body));
            let Some(mut blob) = blob else { return };
            let at = usize::from(*at) % blob.len();
            blob[at] ^= 1 << (bit & 7);
            let (before, state) = (victim.engine.dropped_messages(), victim.engine.state());
            victim.deliver(blob, Duration::ZERO);
            assert_eq!(victim.engine.dropped_messages(), before + 1, "a damaged message was taken");
            assert_eq!(victim.engine.state(), state);
        }
        Op::Datagram { from, payload } => victim.datagram(*from, payload.clone()),
        Op::Place { video } => {
            let media = if *video { Media::AudioVideo } else { Media::Audio };
            victim.place(&peer.card, media);
        }
        Op::Accept => victim.accept(),
        Op::Decline => victim.decline(),
        Op::HangUp => victim.hang_up(),
        Op::Wait { millis } => victim.wait(Duration::from_millis(u64::from(*millis))),
        Op::WaitLong { seconds } => victim.wait(Duration::from_secs(u64::from(*seconds))),
    }
}

/// The active call, or one of a few others.
fn call_id(victim: &Victim, selector: u8) -> CallId {
    let other = CallId::from_bytes([selector & 3; CallId::LEN]);
    if selector & 4 == 0 { victim.engine.active_call().unwrap_or(other) } else { other }
}

fn body(peer: &mut Peer, said: &Said) -> Option<CallBody> {
    let device = |byte: &u8| Elsewhere::new(DeviceId::from_bytes([*byte; 4]));
    match said {
        Said::Offer { video, edits } => peer.offer(*video, edits),
        Said::Ringing(edits) => peer.ringing(edits),
        Said::Answer(edits) => peer.answer(edits),
        Said::Candidate { address: [a, b, c, d], port, tcp } => {
            let protocol = if *tcp { "tcp" } else { "udp" };
            let line =
                format!("candidate:1 1 {protocol} 2122260223 {a}.{b}.{c}.{d} {port} typ host");
            candidates(&line)
        }
        Said::AnyCandidate(line) => candidates(line),
        Said::End(code) => Some(CallBody::End(EndCode(u32::from(*code)))),
        Said::Busy => Some(CallBody::Busy),
        Said::Accepted(by) => Some(CallBody::AcceptedElsewhere(device(by))),
        Said::Declined(by) => Some(CallBody::DeclinedElsewhere(device(by))),
    }
}

fn candidates(line: &str) -> Option<CallBody> {
    let candidate = Candidate::new("0".to_owned(), line.to_owned()).ok()?;
    Some(CallBody::Candidates(Candidates::new(vec![candidate; 2], true).ok()?))
}
