use core::time::Duration;

use arbitrary::{Arbitrary, Unstructured};
use zentalk_srtp_media::rtcp::{CompoundWriter, FirEntry, SenderInfo};
use zentalk_srtp_media::rtp::{RtpHeader, RtpPacket, is_rtcp};

use super::call::{Call, LOCAL, SOURCES};

/// The most steps that one input takes.
const MAX_OPS: usize = 256;

/// What the honest one says now and then.
const HONEST: &[u8] = b"honest";

/// One step of a participant that keeps to nothing but its keys.
#[derive(Arbitrary, Debug)]
enum Op {
    RawRtp(Vec<u8>),
    RawRtcp(Vec<u8>),
    Rtp {
        source: u8,
        payload_type: u8,
        seq: u16,
        timestamp: u32,
        rid: Option<bool>,
        cc: Option<u16>,
        payload: Vec<u8>,
    },
    Nack {
        media: bool,
        first: u16,
        count: u8,
    },
    Pli {
        media: bool,
    },
    Fir {
        media: bool,
        command: u8,
    },
    SenderReport {
        source: u8,
        ntp_time: u64,
        rtp_time: u32,
    },
    /// The honest one sends audio.
    Honest,
    Wait {
        millis: u16,
    },
}

/// A room of two, one of them hostile: the honest one gets every packet from nobody but its slots' sources, with each number once, and what
/// it says arrives.
pub fn engine_sfu_hostile(data: &[u8]) {
    let Ok(ops) = Vec::<Op>::arbitrary_take_rest(Unstructured::new(data)) else { return };
    let mut room = Room { call: Call::new(true), number: 0, heard: 0 };
    room.call.wait(Duration::from_millis(200));
    for op in ops.into_iter().take(MAX_OPS) {
        room.apply(op);
    }
    room.say_honestly();
    assert_eq!(room.heard, usize::from(room.number), "the honest one is heard");
}

struct Room {
    call: Call,
    /// Packets of the honest one.
    number: u16,
    /// Of those, how many the hostile one got.
    heard: usize,
}

impl Room {
    fn apply(&mut self, op: Op) {
        match op {
            Op::RawRtp(bytes) => self.send_rtp(bytes),
            Op::RawRtcp(bytes) => self.send_rtcp(bytes),
            Op::Rtp { source, payload_type, seq, timestamp, rid, cc, payload } => {
                let ssrc = SOURCES[usize::from(source) % SOURCES.len()];
                let payload_type =
                    [111, 96, 97, payload_type & 0x7f][usize::from(payload_type >> 6)];
                let cc = cc.map(u16::to_be_bytes);
                let mut extensions: Vec<(u8, &[u8])> = vec![(1, b"1")];
                extensions.extend(rid.map(|repaired| (3 + u8::from(repaired), &b"h"[..])));
                extensions.extend(cc.as_ref().map(|cc| (2, &cc[..])));
                let mut packet = Vec::new();
                let header = RtpHeader::new(payload_type, seq, timestamp, ssrc);
                header.write(&[], &extensions, &mut packet).expect("a header");
                packet.extend_from_slice(&payload);
                self.send_rtp(packet);
            }
            Op::Nack { media, first, count } => {
                let ssrc = self.slot(media);
                let numbers: Vec<_> =
                    (0..=u16::from(count)).map(|at| first.wrapping_add(at)).collect();
                self.write_rtcp(|writer| writer.nack(1, ssrc, &numbers).expect("numbers"));
            }
            Op::Pli { media } => {
                let ssrc = self.slot(media);
                self.write_rtcp(|writer| writer.pli(1, ssrc).expect("a request"));
            }
            Op::Fir { media, command } => {
                let ssrc = self.slot(media);
                let entry = FirEntry { ssrc, command_sequence: command };
                self.write_rtcp(|writer| writer.fir(1, &[entry]).expect("a request"));
            }
            Op::SenderReport { source, ntp_time, rtp_time } => {
                let info = SenderInfo { ntp_time, rtp_time, packet_count: 1, octet_count: 1 };
                let ssrc = SOURCES[usize::from(source) % SOURCES.len()];
                self.write_rtcp(|writer| writer.sender_report(ssrc, &info, &[]).expect("a report"));
            }
            Op::Honest => self.say_honestly(),
            Op::Wait { millis } => {
                // Whoever says nothing for long is gone.
                let sent = self.call.wait(Duration::from_millis(u64::from(millis) % 1_000));
                self.receive(sent);
                self.say_honestly();
            }
        }
    }

    fn slot(&self, media: bool) -> u32 {
        self.call.slots[0][usize::from(media)]
    }

    fn say_honestly(&mut self) {
        let mut packet = Vec::new();
        let header = RtpHeader::new(111, self.number, 0, SOURCES[0] + 1);
        header.write(&[], &[], &mut packet).expect("a header");
        packet.extend_from_slice(HONEST);
        self.call.senders[1].protect_rtp(&mut packet).expect("a fresh number");
        self.number += 1;
        self.send(1, packet);
        // The hostile one is alive, or there is nobody to hear.
        self.write_rtcp(|writer| writer.pli(1, 1).expect("a request"));
    }

    fn write_rtcp(&mut self, write: impl FnOnce(&mut CompoundWriter<'_>)) {
        let mut compound = Vec::new();
        write(&mut CompoundWriter::new(&mut compound));
        self.send_rtcp(compound);
    }

    fn send_rtp(&mut self, mut packet: Vec<u8>) {
        if !is_rtcp(&packet) && self.call.senders[0].protect_rtp(&mut packet).is_ok() {
            self.send(0, packet);
        }
    }

    fn send_rtcp(&mut self, mut compound: Vec<u8>) {
        if self.call.senders[0].protect_rtcp(&mut compound).is_ok() {
            self.send(0, compound);
        }
    }

    fn send(&mut self, who: usize, mut bytes: Vec<u8>) {
        let from = self.call.addresses[who];
        self.call.sfu.handle_datagram(self.call.now, LOCAL, from, &mut bytes);
        let sent = self.call.drain();
        self.receive(sent);
        self.call.sfu.assert_bounds_for_fuzzing();
        self.call.sfu.assert_nobody_is_forgotten_for_fuzzing(self.call.now);
    }

    /// Every packet is authentic and new to its receiver, and of a source that it knows.
    fn receive(&mut self, sent: Vec<(core::net::SocketAddr, Vec<u8>)>) {
        for (to, mut bytes) in sent {
            let who = usize::from(to == self.call.addresses[1]);
            assert_eq!(to, self.call.addresses[who], "nobody else gets anything");
            if bytes[0] < 128 {
                continue;
            }
            let receiver = &mut self.call.receivers[who];
            if is_rtcp(&bytes) {
                receiver.unprotect_rtcp(&mut bytes).expect("an authentic compound");
                continue;
            }
            receiver.unprotect_rtp(&mut bytes).expect("an authentic packet");
            let packet = RtpPacket::parse(&bytes).expect("a packet");
            let is_honest = who == 0 && packet.ssrc() == self.call.slots[0][0];
            if is_honest {
                assert_eq!(packet.payload(), HONEST);
                self.heard += 1;
            }
        }
    }
}
