use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use arbitrary::{Arbitrary, Unstructured};
use zentalk_primitives::Instant;

use super::{Drained, drain, session};
use crate::{Datagram, Event, Input, ReceiveStreamId, RtpSession, SendStreamId};

/// The most steps that one input takes.
const MAX_OPS: usize = 256;

/// One step.
#[derive(Arbitrary, Debug)]
enum Op {
    Send {
        from: bool,
        video: bool,
        len: u8,
        marker: bool,
    },
    /// One of the datagrams on their way arrives.
    Arrive {
        at: bool,
        which: u8,
    },
    /// All of them arrive.
    ArriveAll {
        at: bool,
    },
    /// One arrives, and will arrive again.
    Duplicate {
        at: bool,
        which: u8,
    },
    Lose {
        at: bool,
        which: u8,
    },
    AskForKeyframe {
        from: bool,
        received: bool,
    },
    Announce {
        from: bool,
    },
    Wait {
        millis: u16,
    },
    Close {
        from: bool,
    },
}

/// Two sessions over a bad but honest network: each packet comes out at most once and as it was sent, retransmissions included, and
/// nothing that one session sends is an error to the other.
pub fn engine_rtp_link(data: &[u8]) {
    let Ok(ops) = Vec::<Op>::arbitrary_take_rest(Unstructured::new(data)) else { return };
    let mut link = Link::new();
    for op in ops.iter().take(MAX_OPS) {
        link.apply(op);
        link.drain();
    }
}

struct Link {
    now: Instant,
    peers: [Peer; 2],
}

struct Peer {
    session: RtpSession,
    /// On their way to it.
    inbox: Vec<Datagram>,
    /// What it sent, by stream and timestamp.
    sent: BTreeMap<(usize, u32), Vec<u8>>,
    heard: BTreeSet<(ReceiveStreamId, u64)>,
    clock: u32,
    closed: bool,
}

impl Peer {
    fn new(own: u32, other: u32) -> Self {
        let session = session(own, other, u64::from(own) + 1);
        let (inbox, sent, heard) = (Vec::new(), BTreeMap::new(), BTreeSet::new());
        Self { session, inbox, sent, heard, clock: 0, closed: false }
    }
}

impl Link {
    fn new() -> Self {
        let peers = [Peer::new(0, 0x1000), Peer::new(0x1000, 0)];
        Self { now: Instant::from_millis(1), peers }
    }

    fn apply(&mut self, op: &Op) {
        let now = self.now;
        match op {
            Op::Send { from, video, len, marker } => {
                let peer = &mut self.peers[usize::from(*from)];
                let stream = SendStreamId(usize::from(*video));
                peer.clock += 960;
                let payload = vec![peer.clock as u8; usize::from(*len)];
                let sent = peer.session.send(now, stream, peer.clock, *marker, &payload);
                assert_eq!(sent.is_ok(), !peer.closed, "{sent:?}");
            }
            Op::Arrive { at, which } => self.arrive(usize::from(*at), *which, false),
            Op::Duplicate { at, which } => self.arrive(usize::from(*at), *which, true),
            Op::ArriveAll { at } => {
                for _ in 0..self.peers[usize::from(*at)].inbox.len() {
                    self.arrive(usize::from(*at), 0, false);
                }
            }
            Op::Lose { at, which } => {
                let inbox = &mut self.peers[usize::from(*at)].inbox;
                if let Some(which) = usize::from(*which).checked_rem(inbox.len()) {
                    inbox.remove(which);
                }
            }
            Op::AskForKeyframe { from, received } => {
                let peer = &mut self.peers[usize::from(*from)];
                let asked = if *received {
                    peer.session.keyframe_received(ReceiveStreamId(1))
                } else {
                    peer.session.request_keyframe(now, ReceiveStreamId(1))
                };
                assert!(asked.is_ok() || peer.closed);
            }
            Op::Announce { from } => {
                let peer = &mut self.peers[usize::from(*from)];
                assert_eq!(peer.session.announce(now).is_ok(), !peer.closed);
            }
            Op::Wait { millis } => {
                self.now += Duration::from_millis(u64::from(millis % 3_000));
                let now = self.now;
                self.peers.iter_mut().for_each(|peer| peer.session.handle_timeout(now));
            }
            Op::Close { from } => {
                let peer = &mut self.peers[usize::from(*from)];
                peer.session.close(now);
                peer.closed = true;
            }
        }
    }

    fn arrive(&mut self, at: usize, which: u8, again: bool) {
        let peer = &mut self.peers[at];
        let Some(which) = usize::from(which).checked_rem(peer.inbox.len()) else { return };
        let datagram = if again { peer.inbox[which].clone() } else { peer.inbox.remove(which) };
        let taken = match &datagram {
            Datagram::Rtp(bytes) => peer.session.handle_input(self.now, Input::Rtp(bytes)),
            Datagram::Rtcp(bytes) => peer.session.handle_input(self.now, Input::Rtcp(bytes)),
        };
        // Only a jump in the numbers may be doubted.
        let doubted = taken == Err(crate::Error::ImplausibleSequence);
        assert!(taken.is_ok() || peer.closed || doubted, "{taken:?}");
    }

    fn drain(&mut self) {
        for at in 0..2 {
            let Drained { sent, events } = drain(&mut self.peers[at].session, self.now);
            for datagram in &sent {
                if let Datagram::Rtp(bytes) = datagram {
                    self.note_sent(at, bytes);
                }
            }
            self.peers[1 - at].inbox.extend(sent);
            events.iter().for_each(|event| self.event(at, event));
        }
    }

    fn note_sent(&mut self, at: usize, bytes: &[u8]) {
        let packet = zentalk_srtp_media::rtp::RtpPacket::parse(bytes).expect("an RTP packet");
        let stream = match packet.payload_type() {
            111 => 0,
            96 => 1,
            97 => return,
            other => panic!("payload type {other}"),
        };
        let key = (stream, packet.timestamp());
        self.peers[at].sent.insert(key, packet.payload().to_vec());
    }

    fn event(&mut self, at: usize, event: &Event) {
        let Event::Packet(packet) = event else { return };
        let fresh = self.peers[at].heard.insert((packet.stream, packet.sequence));
        assert!(fresh, "{packet:?} came twice");
        let sent = &self.peers[1 - at].sent;
        let payload = sent.get(&(packet.stream.0, packet.timestamp));
        assert_eq!(payload, Some(&packet.payload), "{packet:?} is not what was sent");
    }
}
