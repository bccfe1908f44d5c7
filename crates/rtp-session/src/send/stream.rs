use core::time::Duration;

use rand_core::CryptoRng;
use zentalk_primitives::Instant;
use zentalk_srtp_media::rtcp::{ReportBlock, SenderInfo};
use zentalk_srtp_media::rtp::{FIXED_HEADER_LEN, RtpHeader, RtpPacket};

use super::header::{Source, max_extensions_len, write_header};
use super::history::History;
use super::keyframe::KeyframeRequests;
use crate::buffers::Buffers;
use crate::clock::{from_rtp_units, to_rtp_units};
use crate::rate::Rate;
use crate::session::Departure;
use crate::{Error, Quality, SendStats, SendStreamConfig};

/// The length in bytes of the original sequence number in front of a retransmission (RFC 4588 §4).
const OSN_LEN: usize = 2;

/// Random first sequence numbers lie below this (see [`SendStreamConfig::first_sequence`]).
const FIRST_SEQUENCE_MASK: u16 = 0x7fff;

/// One stream that this side sends, and its retransmissions.
#[derive(Debug)]
pub(crate) struct SendStream {
    config: SendStreamConfig,
    next_sequence: u16,
    timestamp_offset: u32,
    rtx: Option<Rtx>,
    history: Option<History>,
    /// When the last packet was sent and its timestamp on the wire.
    last_sent: Option<(Instant, u32)>,
    /// Whether the peer's reports name the source: it then needs neither mid nor rid any more.
    known_to_peer: bool,
    /// How many report intervals ago something was sent.
    idle_intervals: u8,
    keyframe_requests: KeyframeRequests,
    rate: Rate,
    stats: SendStats,
}

/// The stream of retransmissions (RFC 4588 §4).
#[derive(Debug)]
struct Rtx {
    ssrc: u32,
    payload_type: u8,
    next_sequence: u16,
}

impl SendStream {
    pub(crate) fn new(config: SendStreamConfig, rng: &mut impl CryptoRng) -> Self {
        let mut random_sequence = || rng.next_u32() as u16 & FIRST_SEQUENCE_MASK;
        let next_sequence = config.first_sequence.unwrap_or_else(&mut random_sequence);
        let rtx = config.rtx.map(|(ssrc, payload_type)| Rtx {
            ssrc,
            payload_type,
            next_sequence: random_sequence(),
        });
        Self {
            next_sequence,
            timestamp_offset: config.timestamp_offset.unwrap_or_else(|| rng.next_u32()),
            history: (rtx.is_some() || config.plain_retransmission).then(History::new),
            rtx,
            last_sent: None,
            known_to_peer: false,
            idle_intervals: u8::MAX,
            keyframe_requests: KeyframeRequests::default(),
            rate: Rate::default(),
            stats: SendStats::default(),
            config,
        }
    }

    pub(crate) fn ssrc(&self) -> u32 {
        self.config.ssrc
    }

    pub(crate) fn rtx_ssrc(&self) -> Option<u32> {
        self.rtx.as_ref().map(|rtx| rtx.ssrc)
    }

    /// How the stream's packets leave.
    pub(crate) fn departure(&self) -> Departure {
        Departure { numbered: self.config.transport_cc.is_some(), paced: self.config.paced }
    }

    pub(crate) fn stats(&self, now: Instant) -> SendStats {
        SendStats { bit_rate: self.rate.bits_per_second(now), ..self.stats }
    }

    pub(crate) fn remote_quality(&self) -> Option<Quality> {
        self.stats.remote
    }

    /// What the largest header and a retransmission's sequence number leave of `mtu` bytes.
    pub(crate) fn max_payload_len(&self, mtu: usize) -> usize {
        let osn = if self.rtx.is_some() { OSN_LEN } else { 0 };
        mtu - FIXED_HEADER_LEN - max_extensions_len(&self.config) - osn
    }

    /// Builds the next packet; a copy of it is remembered.
    pub(crate) fn send(
        &mut self,
        now: Instant,
        timestamp: u32,
        marker: bool,
        payload: &[u8],
        buffers: &mut Buffers,
    ) -> Result<Vec<u8>, Error> {
        let timestamp = timestamp.wrapping_add(self.timestamp_offset);
        let sequence = self.next_sequence;
        let header =
            RtpHeader::new(self.config.payload_type, sequence, timestamp, self.config.ssrc)
                .marker(marker);
        let mut packet = buffers.take();
        write_header(&header, &self.config, Source::Media, !self.known_to_peer, &mut packet)?;
        packet.extend_from_slice(payload);

        self.next_sequence = sequence.wrapping_add(1);
        self.last_sent = Some((now, timestamp));
        self.idle_intervals = 0;
        self.stats.packets += 1;
        self.stats.octets += payload.len() as u64;
        self.rate.add(now, packet.len());
        if let Some(history) = &mut self.history {
            history.push(now, sequence, buffers.copy_of(&packet), buffers);
        }
        Ok(packet)
    }

    /// The peer asks for this packet again. Builds it, if it is to be had (RFC 4588 §4).
    pub(crate) fn resend(
        &mut self,
        now: Instant,
        sequence: u16,
        interval: Duration,
        buffers: &mut Buffers,
    ) -> Option<Vec<u8>> {
        self.stats.nacks_received += 1;
        let original = self.history.as_mut()?.resend(now, sequence, interval)?;
        let parsed = RtpPacket::parse(original).ok()?;
        let packet = match &mut self.rtx {
            Some(rtx) => rtx.wrap(&parsed, &self.config, buffers)?,
            None => buffers.copy_of(original),
        };
        self.stats.retransmitted_packets += 1;
        self.stats.retransmitted_octets += parsed.payload().len() as u64;
        self.rate.add(now, packet.len());
        Some(packet)
    }

    /// The peer sent a PLI; whether it is a new request.
    pub(crate) fn pli_received(&mut self, now: Instant) -> bool {
        self.stats.keyframe_requests_received += 1;
        self.keyframe_requests.pli(now)
    }

    /// The peer sent a FIR; whether it is a new request.
    pub(crate) fn fir_received(&mut self, now: Instant, command_sequence: u8) -> bool {
        self.stats.keyframe_requests_received += 1;
        self.keyframe_requests.fir(now, command_sequence)
    }

    /// The peer reported about the stream.
    pub(crate) fn reported(&mut self, block: &ReportBlock, round_trip: Option<Duration>) {
        self.known_to_peer = true;
        self.stats.remote = Some(Quality {
            fraction_lost: f32::from(block.fraction_lost) / 256.0,
            packets_lost: block.cumulative_lost,
            jitter: from_rtp_units(block.jitter, self.config.clock_rate),
            round_trip,
        });
    }

    /// The sender's part of a report, if something was sent in this interval or the one before
    /// (RFC 3550 §6.4). To be called once per interval.
    pub(crate) fn sender_info(&mut self, now: Instant, ntp_time: u64) -> Option<SenderInfo> {
        let active = self.idle_intervals < 2;
        self.idle_intervals = self.idle_intervals.saturating_add(1);
        let (sent_at, timestamp) = self.last_sent.filter(|_| active)?;
        let since = to_rtp_units(now.saturating_since(sent_at), self.config.clock_rate);
        Some(SenderInfo {
            ntp_time,
            rtp_time: timestamp.wrapping_add(since),
            packet_count: self.stats.packets as u32,
            octet_count: self.stats.octets as u32,
        })
    }
}

impl Rtx {
    fn wrap(
        &mut self,
        original: &RtpPacket<'_>,
        config: &SendStreamConfig,
        buffers: &mut Buffers,
    ) -> Option<Vec<u8>> {
        let header =
            RtpHeader::new(self.payload_type, self.next_sequence, original.timestamp(), self.ssrc)
                .marker(original.marker());
        let mut packet = buffers.take();
        write_header(&header, config, Source::Retransmission, true, &mut packet).ok()?;
        packet.extend_from_slice(&original.sequence_number().to_be_bytes());
        packet.extend_from_slice(original.payload());
        self.next_sequence = self.next_sequence.wrapping_add(1);
        Some(packet)
    }
}
