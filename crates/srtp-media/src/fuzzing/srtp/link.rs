use arbitrary::Arbitrary;

use super::model::{Reports, Streams};
use crate::rtcp::CompoundWriter;
use crate::rtp::RtpHeader;
use crate::{
    Error, RtcpProtection, SrtpMasterKey, SrtpOptions, SrtpProfile, SrtpReceiver, SrtpSender,
};

/// The most steps that one input takes.
const MAX_OPS: usize = 96;

/// Fewer than the sender's, so that the limit is met.
const RECEIVER_STREAMS: usize = 2;

/// One input.
#[derive(Arbitrary, Debug)]
pub(super) struct Case {
    pub(super) setup: Setup,
    pub(super) ops: Vec<Op>,
}

/// What was negotiated.
#[derive(Arbitrary, Debug)]
pub(super) struct Setup {
    profile: u8,
    coverage: Coverage,
    mki_len: u8,
    key: u8,
}

#[derive(Arbitrary, Clone, Copy, Debug, PartialEq)]
enum Coverage {
    Payload,
    Extensions([u8; 3]),
    Cryptex,
    Nothing,
}

/// One step.
#[derive(Arbitrary, Debug)]
pub(super) enum Op {
    /// The sender seals an RTP packet; the sequence number moves on by `step`, backwards if negative.
    Seal { ssrc: u8, step: i16, csrcs: u8, extensions: Vec<(u8, u8)>, payload: Vec<u8> },
    /// The sender seals a report.
    SealRtcp { ssrc: u8, name: Vec<u8>, clear: bool },
    /// One of the sealed packets arrives, for the first time or again.
    Deliver { which: u8 },
    /// It arrives with a bit turned over.
    Damage { which: u8, at: u16, bit: u8 },
    /// It arrives cut short.
    Cut { which: u8, by: u8 },
    /// It arrives as the other kind of packet.
    Confuse { which: u8 },
    /// The receiver gets something else.
    Junk(Vec<u8>),
}

/// A packet on its way.
struct Sealed {
    ssrc: u32,
    kind: Kind,
    /// What must come out.
    opened: Vec<u8>,
    bytes: Vec<u8>,
}

#[derive(Clone, Copy)]
enum Kind {
    Rtp { seq: u16, index: u64 },
    Rtcp { index: u32, clear: bool },
}

pub(super) struct Link {
    coverage: Coverage,
    sender: SrtpSender,
    receiver: SrtpReceiver,
    sealed: Vec<Sealed>,
    sequence: [u16; 4],
    reports_sent: [u32; 4],
    sent: Streams,
    received: Streams,
    reports: Reports,
}

impl Link {
    pub(super) fn new(setup: &Setup) -> Self {
        let profile = SrtpProfile::ALL[usize::from(setup.profile) % SrtpProfile::ALL.len()];
        let options = options(setup);
        let key = || {
            let (key, salt) = (vec![setup.key; profile.key_len()], vec![7; profile.salt_len()]);
            SrtpMasterKey::new(profile, &key, &salt).expect("lengths of the profile")
        };
        let limited = options.clone().max_streams(RECEIVER_STREAMS);
        Self {
            coverage: setup.coverage,
            sender: SrtpSender::with_options(key(), &options).expect("valid options"),
            receiver: SrtpReceiver::with_options(key(), &limited).expect("valid options"),
            sealed: Vec::new(),
            sequence: [65_500, 100, 0, 40_000],
            reports_sent: [0; 4],
            sent: Streams::default(),
            received: Streams::default(),
            reports: Reports::default(),
        }
    }

    pub(super) fn run(&mut self, ops: &[Op]) {
        for op in ops.iter().take(MAX_OPS) {
            match op {
                Op::Seal { ssrc, step, csrcs, extensions, payload } => {
                    let slot = usize::from(ssrc & 3);
                    let seq = self.sequence[slot].wrapping_add_signed(*step);
                    self.sequence[slot] = seq;
                    let packet = rtp_packet(slot as u32, seq, *csrcs, extensions, payload);
                    self.seal_rtp(slot as u32, seq, packet);
                }
                Op::SealRtcp { ssrc, name, clear } => {
                    self.seal_rtcp(usize::from(ssrc & 3), name, *clear);
                }
                Op::Deliver { which } => self.deliver(*which),
                Op::Damage { which, at, bit } => self.hostile(*which, |bytes| {
                    let at = usize::from(*at) % bytes.len();
                    bytes[at] ^= 1 << (bit & 7);
                }),
                Op::Cut { which, by } => self.hostile(*which, |bytes| {
                    bytes.truncate(bytes.len().saturating_sub(usize::from(*by) + 1));
                }),
                Op::Confuse { which } => self.confuse(*which),
                Op::Junk(bytes) => self.refused(&mut bytes.clone(), &mut bytes.clone()),
            }
        }
    }

    fn seal_rtp(&mut self, ssrc: u32, seq: u16, packet: Vec<u8>) {
        let index = self.sent.index_of(ssrc, seq);
        let fresh = index.filter(|index| self.sent.is_fresh(ssrc, *index));
        let mut bytes = packet.clone();
        match (self.sender.protect_rtp(&mut bytes), fresh) {
            (Ok(()), Some(index)) => {
                self.sent.take(ssrc, index);
                let opened = self.as_opened(packet);
                self.sealed.push(Sealed { ssrc, kind: Kind::Rtp { seq, index }, opened, bytes });
            }
            (Err(error), expected) => {
                assert_eq!((error, expected), (Error::SequenceReused, None));
                assert_eq!(bytes, packet, "a packet that was not sealed changed");
            }
            (Ok(()), None) => panic!("sequence number {seq} was sealed twice"),
        }
        let rollovers = self.sent.highest(ssrc).map(|highest| (highest >> 16) as u32);
        assert_eq!(self.sender.rollover_counter(ssrc), rollovers);
    }

    /// What comes out at the other end: with cryptex, a packet with CSRCs has got an empty extension block (RFC 9335 §5.1).
    fn as_opened(&self, mut packet: Vec<u8>) -> Vec<u8> {
        let csrcs = usize::from(packet[0] & 0x0f);
        if self.coverage == Coverage::Cryptex && csrcs != 0 && packet[0] & 0x10 == 0 {
            packet[0] |= 0x10;
            let at = 12 + 4 * csrcs;
            packet.splice(at..at, [0xbe, 0xde, 0, 0]);
        }
        packet
    }

    fn seal_rtcp(&mut self, slot: usize, name: &[u8], clear: bool) {
        let ssrc = slot as u32;
        let mut packet = Vec::new();
        let mut writer = CompoundWriter::new(&mut packet);
        writer.receiver_report(ssrc, &[]).expect("no blocks");
        writer.cname(ssrc, name.get(..name.len().min(255)).unwrap_or_default()).expect("short");
        let mut bytes = packet.clone();
        bytes.resize(packet.len() + 256, 0);
        let protection =
            if clear { RtcpProtection::AuthenticatedOnly } else { RtcpProtection::Encrypted };
        let len = self.sender.protect_rtcp_in(&mut bytes, packet.len(), protection);
        bytes.truncate(len.expect("reports are always sealed"));
        let index = self.reports_sent[slot];
        self.reports_sent[slot] += 1;
        self.sealed.push(Sealed { ssrc, kind: Kind::Rtcp { index, clear }, opened: packet, bytes });
    }

    fn chosen(&self, which: u8) -> Option<usize> {
        usize::from(which).checked_rem(self.sealed.len())
    }

    fn deliver(&mut self, which: u8) {
        let Some(at) = self.chosen(which) else { return };
        match self.sealed[at].kind {
            Kind::Rtp { seq, index } => self.deliver_rtp(at, seq, index),
            Kind::Rtcp { index, clear } => self.deliver_rtcp(at, index, clear),
        }
    }

    fn deliver_rtp(&mut self, at: usize, seq: u16, index: u64) {
        let Sealed { ssrc, opened, bytes, .. } = &self.sealed[at];
        let in_step = self.received.index_of(*ssrc, seq) == Some(index);
        let accept = in_step
            && self.received.is_fresh(*ssrc, index)
            && self.received.has_room(*ssrc, RECEIVER_STREAMS);
        let mut packet = bytes.clone();
        let result = self.receiver.unprotect_rtp(&mut packet);
        assert_eq!(result.is_ok(), accept, "index {index} of {ssrc}: {result:?}");
        if accept {
            assert_eq!(packet, *opened);
            self.received.take(*ssrc, index);
        }
    }

    fn deliver_rtcp(&mut self, at: usize, index: u32, clear: bool) {
        let Sealed { ssrc, opened, bytes, .. } = &self.sealed[at];
        let accept = self.reports.accepts(*ssrc, index, RECEIVER_STREAMS);
        let mut packet = bytes.clone();
        let result = self.receiver.unprotect_rtcp(&mut packet);
        assert_eq!(result.is_ok(), accept, "report {index} of {ssrc}: {result:?}");
        if let Ok(protection) = result {
            assert_eq!(packet, *opened);
            assert_eq!(protection == RtcpProtection::AuthenticatedOnly, clear);
            self.reports.take(*ssrc, index);
        }
    }

    /// One of the sealed packets arrives after `damage`.
    fn hostile(&mut self, which: u8, damage: impl Fn(&mut Vec<u8>)) {
        let Some(at) = self.chosen(which) else { return };
        let mut bytes = self.sealed[at].bytes.clone();
        damage(&mut bytes);
        self.refused(&mut bytes.clone(), &mut bytes);
    }

    fn confuse(&mut self, which: u8) {
        let Some(at) = self.chosen(which) else { return };
        let mut bytes = self.sealed[at].bytes.clone();
        let before = self.receiver.stream_count();
        let result = match self.sealed[at].kind {
            Kind::Rtp { .. } => self.receiver.unprotect_rtcp(&mut bytes).map(drop),
            Kind::Rtcp { .. } => self.receiver.unprotect_rtp(&mut bytes),
        };
        assert!(result.is_err(), "one kind of packet passed as the other");
        assert_eq!(self.receiver.stream_count(), before);
    }

    /// Neither as RTP nor as RTCP may this open; the next deliveries show whether it left a trace.
    fn refused(&mut self, as_rtp: &mut Vec<u8>, as_rtcp: &mut Vec<u8>) {
        let before = self.receiver.stream_count();
        assert!(self.receiver.unprotect_rtp(as_rtp).is_err(), "a forged packet was opened");
        assert!(self.receiver.unprotect_rtcp(as_rtcp).is_err(), "a forged report was opened");
        assert_eq!(self.receiver.stream_count(), before);
    }
}

fn options(setup: &Setup) -> SrtpOptions {
    let mki: Vec<u8> = (0..setup.mki_len % 8).collect();
    let options = SrtpOptions::new().mki(&mki).expect("a short one");
    match setup.coverage {
        Coverage::Payload => options,
        Coverage::Extensions(ids) => options.encrypted_extensions(&ids),
        Coverage::Cryptex => options.cryptex(),
        Coverage::Nothing => options.dangerous().unencrypted_rtp(),
    }
}

fn rtp_packet(ssrc: u32, seq: u16, csrcs: u8, extensions: &[(u8, u8)], payload: &[u8]) -> Vec<u8> {
    let csrcs: Vec<u32> = (0..u32::from(csrcs & 15)).collect();
    let values = [0xa5; 32];
    let extensions: Vec<_> = extensions
        .iter()
        .take(4)
        .map(|&(id, len)| (id.max(1), &values[..usize::from(len) % values.len()]))
        .collect();
    let mut packet = Vec::new();
    RtpHeader::new(96, seq, u32::from(seq), ssrc)
        .write(&csrcs, &extensions, &mut packet)
        .expect("ids and lengths fit the two-byte form");
    packet.extend_from_slice(payload);
    packet
}
