use core::net::SocketAddr;
use core::time::Duration;

use arbitrary::{Arbitrary, Unstructured};
use zentalk_primitives::{ParticipantId, RoomId};

use super::call::{Call, LOCAL, offer};

/// The most steps that one input takes.
const MAX_OPS: usize = 256;

/// One step of strangers, and of what goes on meanwhile.
#[derive(Arbitrary, Debug)]
enum Op {
    /// From an address of nobody's.
    FromStranger {
        host: u8,
        bytes: Vec<u8>,
    },
    /// From the address of a participant, who has not sent it.
    Spoofed {
        who: bool,
        bytes: Vec<u8>,
    },
    /// The same, in the shape of a DTLS record.
    SpoofedDtls {
        who: bool,
        kind: u8,
        epoch: u8,
        body: Vec<u8>,
    },
    /// A genuine check of a participant's, sent again from an address of nobody's.
    Replayed {
        who: bool,
        host: u8,
    },
    Join {
        room: bool,
        id: u8,
    },
    Leave {
        who: bool,
    },
    Wait {
        millis: u16,
    },
}

/// A room of two without keys yet, under a flood of strangers: nothing is forwarded, nothing grows, nobody is taken for another.
pub fn engine_sfu_flood(data: &[u8]) {
    let Ok(ops) = Vec::<Op>::arbitrary_take_rest(Unstructured::new(data)) else { return };
    let mut call = Call::new(false);
    let checks = call.keys.map(|key| call.sfu.check_for_fuzzing(key));
    for op in ops.into_iter().take(MAX_OPS) {
        apply(&mut call, op, &checks);
        call.drain();
        let stats = call.sfu.stats();
        assert_eq!((stats.received, stats.forwarded), (0, 0));
        assert!(stats.rooms <= 2 && stats.participants <= 12);
        call.sfu.assert_bounds_for_fuzzing();
        call.sfu.assert_nobody_is_forgotten_for_fuzzing(call.now);
    }
}

fn apply(call: &mut Call, op: Op, checks: &[Vec<u8>; 2]) {
    let stranger = |host| SocketAddr::from(([203, 0, 113, host], 9));
    let (from, mut bytes) = match op {
        Op::FromStranger { host, bytes } => (stranger(host), bytes),
        Op::Spoofed { who, bytes } => (call.addresses[usize::from(who)], bytes),
        Op::SpoofedDtls { who, kind, epoch, body } => {
            let len = (body.len() as u16).to_be_bytes();
            let head = [20 + kind % 44, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 0, 1, len[0], len[1]];
            (call.addresses[usize::from(who)], [&head, &body[..]].concat())
        }
        Op::Replayed { who, host } => (stranger(host), checks[usize::from(who)].clone()),
        Op::Join { room, id } => {
            let room = RoomId::from_bytes([u8::from(room); 16]);
            let id = ParticipantId::from_bytes([id; 16]);
            let _ = call.sfu.join(call.now, room, id, &offer(id.as_bytes()[0] % 2), &mut call.rng);
            return;
        }
        Op::Leave { who } => {
            let _ = call.sfu.leave(call.now, call.keys[usize::from(who)]);
            return;
        }
        Op::Wait { millis } => {
            call.wait(Duration::from_millis(millis.into()));
            return;
        }
    };
    call.sfu.handle_datagram(call.now, LOCAL, from, &mut bytes);
}
