use core::time::Duration;
use std::collections::BTreeSet;

use arbitrary::{Arbitrary, Unstructured};
use zentalk_primitives::Instant;
use zentalk_srtp_media::rtcp::{CompoundWriter, FirEntry, ReportBlock, SenderInfo};
use zentalk_srtp_media::rtp::RtpHeader;

use super::{AUDIO_SSRC, RTX_SSRC, VIDEO_SSRC, drain, session};
use crate::limits::{MAX_MISSING, MAX_NACKED_PER_DATAGRAM};
use crate::{Datagram, Event, Input, ReceiveStreamId, RtpSession, SendStreamId};

/// The most steps that one input takes.
const MAX_OPS: usize = 192;

/// Added to the peer's sources.
const PEER: u32 = 0x1000;

/// One step of a peer that keeps to nothing but the format, or not even that.
#[derive(Arbitrary, Debug)]
enum Op {
    RawRtp(Vec<u8>),
    RawRtcp(Vec<u8>),
    Rtp {
        source: u8,
        payload_type: u8,
        seq: u16,
        timestamp: u32,
        mid: Option<u8>,
        payload: Vec<u8>,
    },
    Nack {
        media: u8,
        first: u16,
        count: u16,
    },
    Pli {
        media: u8,
    },
    Fir {
        media: u8,
        command: u8,
    },
    Report {
        media: u8,
        words: [u32; 5],
        sender: Option<u64>,
    },
    Bye {
        source: u8,
    },
    /// We send.
    Send {
        video: bool,
        len: u8,
    },
    AskForKeyframe,
    Wait {
        millis: u16,
    },
}

/// One session under a hostile peer: no packet comes out twice, what one datagram provokes is bounded, and time goes on.
pub fn engine_rtp_hostile(data: &[u8]) {
    let Ok(ops) = Vec::<Op>::arbitrary_take_rest(Unstructured::new(data)) else { return };
    let mut victim = Victim {
        now: Instant::from_millis(1),
        session: session(0, PEER, 1),
        heard: BTreeSet::new(),
    };
    for op in ops.iter().take(MAX_OPS) {
        victim.apply(op);
        victim.drain();
    }
}

struct Victim {
    now: Instant,
    session: RtpSession,
    heard: BTreeSet<(ReceiveStreamId, u64)>,
}

impl Victim {
    fn apply(&mut self, op: &Op) {
        match op {
            Op::RawRtp(bytes) => self.input(Input::Rtp(bytes)),
            Op::RawRtcp(bytes) => self.input(Input::Rtcp(bytes)),
            Op::Rtp { source, payload_type, seq, timestamp, mid, payload } => {
                let payload_types = [96, 97, 111, payload_type & 0x7f];
                let payload_type = payload_types[usize::from(payload_type >> 6)];
                let header =
                    RtpHeader::new(payload_type, *seq, *timestamp, source_of(*source, PEER));
                let mid = mid.map(|mid| [b'0' + mid % 3]);
                let extensions: Vec<(u8, &[u8])> = mid.iter().map(|mid| (1, &mid[..])).collect();
                let mut packet = Vec::new();
                header.write(&[], &extensions, &mut packet).expect("a valid header");
                packet.extend_from_slice(payload);
                self.input(Input::Rtp(&packet));
            }
            Op::Nack { media, first, count } => {
                let lost: Vec<_> = (0..*count % 4_096).map(|by| first.wrapping_add(by)).collect();
                self.rtcp(|writer| writer.nack(PEER, source_of(*media, 0), &lost).is_ok());
            }
            Op::Pli { media } => {
                self.rtcp(|writer| writer.pli(PEER, source_of(*media, 0)).is_ok());
            }
            Op::Fir { media, command } => {
                let entry = FirEntry { ssrc: source_of(*media, 0), command_sequence: *command };
                self.rtcp(|writer| writer.fir(PEER, &[entry]).is_ok());
            }
            Op::Report { media, words, sender } => self.report(*media, *words, *sender),
            Op::Bye { source } => {
                self.rtcp(|writer| writer.bye(&[source_of(*source, PEER)], b"").is_ok());
            }
            Op::Send { video, len } => {
                let stream = SendStreamId(usize::from(*video));
                let payload = vec![7; usize::from(*len)];
                self.session.send(self.now, stream, 960, true, &payload).expect("it is open");
            }
            Op::AskForKeyframe => {
                self.session.request_keyframe(self.now, ReceiveStreamId(1)).expect("it is open");
            }
            Op::Wait { millis } => {
                self.now += Duration::from_millis(u64::from(*millis));
                self.session.handle_timeout(self.now);
            }
        }
    }

    fn report(&mut self, media: u8, words: [u32; 5], sender: Option<u64>) {
        let [loss, highest_sequence, jitter, last_sender_report, delay] = words;
        let block = ReportBlock {
            ssrc: source_of(media, 0),
            fraction_lost: (loss >> 24) as u8,
            cumulative_lost: ((loss << 8) as i32) >> 8,
            highest_sequence,
            jitter,
            last_sender_report,
            delay_since_last_sender_report: delay,
        };
        let ssrc = source_of(media, PEER);
        self.rtcp(|writer| match sender {
            Some(ntp_time) => {
                let info = SenderInfo { ntp_time, rtp_time: loss, packet_count: 1, octet_count: 1 };
                writer.sender_report(ssrc, &info, &[block]).is_ok()
            }
            None => writer.receiver_report(ssrc, &[block]).is_ok(),
        });
    }

    fn rtcp(&mut self, write: impl FnOnce(&mut CompoundWriter<'_>) -> bool) {
        let mut bytes = Vec::new();
        if write(&mut CompoundWriter::new(&mut bytes)) {
            self.input(Input::Rtcp(&bytes));
        }
    }

    fn input(&mut self, input: Input<'_>) {
        let dropped = |session: &RtpSession| {
            let stats = session.stats();
            stats.malformed_rtp + stats.malformed_rtcp + stats.unknown + stats.implausible
        };
        let before = dropped(&self.session);
        let taken = self.session.handle_input(self.now, input).is_ok();
        assert_eq!(dropped(&self.session), before + u64::from(!taken), "a dropped datagram counts");
    }

    fn drain(&mut self) {
        let drained = drain(&mut self.session, self.now);
        assert!(drained.sent.len() <= MAX_NACKED_PER_DATAGRAM + MAX_MISSING);
        assert!(drained.events.len() <= 64, "one step is a storm of events");
        for event in drained.events {
            if let Event::Packet(packet) = event {
                let fresh = self.heard.insert((packet.stream, packet.sequence));
                assert!(fresh, "{packet:?} came twice");
            }
        }
        for datagram in drained.sent {
            let (Datagram::Rtp(bytes) | Datagram::Rtcp(bytes)) = datagram;
            assert!(bytes.len() <= crate::limits::DEFAULT_MTU);
            self.session.recycle(bytes);
        }
    }
}

/// One of the sources that mean something, or another.
fn source_of(selector: u8, base: u32) -> u32 {
    match selector & 3 {
        0 => AUDIO_SSRC + base,
        1 => VIDEO_SSRC + base,
        2 => RTX_SSRC + base,
        _ => u32::from(selector),
    }
}
