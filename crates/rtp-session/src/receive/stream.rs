use core::time::Duration;

use zentalk_primitives::Instant;
use zentalk_srtp_media::rtcp::ReportBlock;
use zentalk_srtp_media::rtp::RtpPacket;

use super::keyframe::WantedKeyframe;
use super::missing::Missing;
use super::reception::Reception;
use super::sequence::{FIRST_OFFSET, Placement, SequenceTracker};
use crate::clock::{ntp_middle, to_short_ntp};
use crate::rate::Rate;
use crate::{Error, ReceiveStats, ReceiveStreamConfig};

/// One stream that the peer sends, and its retransmissions.
#[derive(Debug)]
pub(crate) struct ReceiveStream {
    config: ReceiveStreamConfig,
    ssrc: Option<u32>,
    rtx_ssrc: Option<u32>,
    source: Option<Source>,
    /// The stream got another source: its first packet restarts the numbering.
    source_changed: bool,
    missing: Missing,
    keyframe: WantedKeyframe,
    /// The last sender report: the middle bits of its NTP time, and when it came.
    last_sender_report: Option<(u32, Instant)>,
    last_heard: Instant,
    silent: bool,
    ended: bool,
    heard_since_report: bool,
    rate: Rate,
    stats: ReceiveStats,
}

/// What exists once the first packet came.
#[derive(Debug)]
struct Source {
    tracker: SequenceTracker,
    reception: Reception,
}

/// Which of a stream's two sources a packet is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Media,
    Retransmission,
}

/// A packet that is to be delivered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrived<'a> {
    pub(crate) sequence: u64,
    pub(crate) payload_type: u8,
    pub(crate) payload: &'a [u8],
    pub(crate) recovered: bool,
}

impl ReceiveStream {
    pub(crate) fn new(now: Instant, config: ReceiveStreamConfig) -> Self {
        Self {
            ssrc: config.ssrc,
            rtx_ssrc: config.rtx_ssrc,
            config,
            source: None,
            source_changed: false,
            missing: Missing::default(),
            keyframe: WantedKeyframe::default(),
            last_sender_report: None,
            last_heard: now,
            silent: false,
            ended: false,
            heard_since_report: false,
            rate: Rate::default(),
            stats: ReceiveStats::default(),
        }
    }

    pub(crate) fn ssrc(&self) -> Option<u32> {
        self.ssrc
    }

    pub(crate) fn keyframe(&mut self) -> &mut WantedKeyframe {
        &mut self.keyframe
    }

    pub(crate) fn stats(&self, now: Instant) -> ReceiveStats {
        let reception = self.source.as_ref().map(|source| &source.reception);
        ReceiveStats {
            lost: reception.map_or(0, Reception::lost),
            fraction_lost: reception.map_or(0.0, Reception::fraction_lost),
            jitter: reception.map_or(Duration::ZERO, Reception::jitter),
            given_up: self.missing.given_up(),
            bit_rate: self.rate.bits_per_second(now),
            ..self.stats
        }
    }

    // Which packets are the stream's.

    /// Which of the stream's sources `ssrc` is.
    pub(crate) fn route(&self, ssrc: u32) -> Option<Route> {
        if self.ssrc == Some(ssrc) {
            Some(Route::Media)
        } else {
            (self.rtx_ssrc == Some(ssrc)).then_some(Route::Retransmission)
        }
    }

    /// The mid that `packet` carries, in the extension that this stream expects it in.
    pub(crate) fn mid_of<'a>(&self, packet: &RtpPacket<'a>) -> Option<&'a [u8]> {
        packet.extension(self.config.mid.as_ref()?.extension_id)
    }

    /// The transport-wide number that `packet` carries, if the stream's arrivals are told.
    pub(crate) fn transport_number(&self, packet: &RtpPacket<'_>) -> Option<u16> {
        let number = packet.extension(self.config.transport_cc?)?;
        number.try_into().ok().map(u16::from_be_bytes)
    }

    /// What a packet of unknown source with this mid would be to the stream.
    pub(crate) fn adopts_mid(&self, mid: &[u8], payload_type: u8) -> Option<Route> {
        let ours = self.config.mid.as_ref().is_some_and(|own| own.value == mid);
        ours.then(|| self.route_of_type(payload_type)).flatten()
    }

    /// What a packet of unknown source and without mid would be to a stream that lacks that source.
    pub(crate) fn adopts_type(&self, payload_type: u8) -> Option<Route> {
        self.route_of_type(payload_type).filter(|route| match route {
            Route::Media => self.ssrc.is_none(),
            Route::Retransmission => self.rtx_ssrc.is_none(),
        })
    }

    /// Takes `ssrc` for one of the stream's sources. Numbering goes on above what came before.
    pub(crate) fn adopt(&mut self, route: Route, ssrc: u32) {
        match route {
            Route::Retransmission => self.rtx_ssrc = Some(ssrc),
            Route::Media => {
                self.ssrc = Some(ssrc);
                self.source_changed = self.source.is_some();
                self.last_sender_report = None;
                self.ended = false;
                self.missing.clear();
            }
        }
    }

    fn route_of_type(&self, payload_type: u8) -> Option<Route> {
        self.config.formats.iter().find_map(|format| {
            if format.payload_type == payload_type {
                Some(Route::Media)
            } else {
                (format.rtx == Some(payload_type)).then_some(Route::Retransmission)
            }
        })
    }

    // Packets.

    /// A packet of the stream's own source. `None` if there is nothing to deliver.
    pub(crate) fn media<'a>(
        &mut self,
        now: Instant,
        packet: &RtpPacket<'a>,
        wire_len: usize,
    ) -> Result<Option<Arrived<'a>>, Error> {
        if self.route_of_type(packet.payload_type()) != Some(Route::Media) {
            return Err(Error::UnexpectedPayloadType);
        }
        let placement = self.place(packet.sequence_number());
        if placement == Placement::Implausible {
            return Err(Error::ImplausibleSequence);
        }
        self.heard(now, wire_len);
        self.heard_since_report = true;
        self.stats.packets += 1;
        self.stats.octets += packet.payload().len() as u64;
        if let Some(Source { tracker, reception }) = &mut self.source {
            if let Placement::Restarted { sequence } = placement {
                reception.restarted(sequence);
            }
            reception.received(now, packet.timestamp(), tracker.highest());
        }
        let sequence = self.settle(now, placement);
        let deliverable = sequence.filter(|_| !packet.payload().is_empty());
        Ok(deliverable.map(|sequence| Arrived {
            sequence,
            payload_type: packet.payload_type(),
            payload: packet.payload(),
            recovered: false,
        }))
    }

    /// A retransmission: the original's sequence number, then its payload (RFC 4588 §4).
    pub(crate) fn retransmission<'a>(
        &mut self,
        now: Instant,
        packet: &RtpPacket<'a>,
        wire_len: usize,
    ) -> Result<Option<Arrived<'a>>, Error> {
        let rtx = Some(packet.payload_type());
        let format = self.config.formats.iter().find(|format| format.rtx == rtx);
        let payload_type = format.ok_or(Error::UnexpectedPayloadType)?.payload_type;
        if packet.payload().is_empty() {
            // Padding, sent to probe the path.
            self.heard(now, wire_len);
            return Ok(None);
        }
        let (original, payload) =
            packet.payload().split_first_chunk().ok_or(Error::MalformedRtp)?;
        let source = self.source.as_mut().ok_or(Error::ImplausibleSequence)?;
        if self.source_changed {
            // Numbering has not begun anew yet, so there is nothing to place it by.
            return Err(Error::ImplausibleSequence);
        }
        let placement = source.tracker.place_near(u16::from_be_bytes(*original));
        if placement == Placement::Implausible {
            return Err(Error::ImplausibleSequence);
        }
        source.reception.advanced(source.tracker.highest());
        self.heard(now, wire_len);
        let sequence = self.settle(now, placement);
        self.stats.recovered += u64::from(sequence.is_some());
        let deliverable = sequence.filter(|_| !payload.is_empty());
        Ok(deliverable.map(|sequence| Arrived { sequence, payload_type, payload, recovered: true }))
    }

    fn place(&mut self, number: u16) -> Placement {
        match &mut self.source {
            Some(source) if self.source_changed => {
                self.source_changed = false;
                Placement::Restarted { sequence: source.tracker.restart(number) }
            }
            Some(source) => source.tracker.place(number),
            None => {
                let sequence = FIRST_OFFSET + u64::from(number);
                self.source = Some(Source {
                    tracker: SequenceTracker::new(number),
                    reception: Reception::new(self.config.clock_rate, sequence),
                });
                Placement::Newest { sequence, first_missing: sequence }
            }
        }
    }

    /// Updates the list of missing packets; the packet's number, if it is to be delivered.
    fn settle(&mut self, now: Instant, placement: Placement) -> Option<u64> {
        match placement {
            Placement::Newest { sequence, first_missing } => {
                if self.config.nack {
                    self.missing.add(now, first_missing, sequence);
                }
                self.ended = false;
                Some(sequence)
            }
            Placement::Late { sequence } => {
                self.missing.remove(sequence);
                Some(sequence)
            }
            Placement::Restarted { sequence } => {
                self.missing.clear();
                Some(sequence)
            }
            Placement::Duplicate => {
                self.stats.duplicates += 1;
                None
            }
            Placement::Implausible => None,
        }
    }

    fn heard(&mut self, now: Instant, wire_len: usize) {
        self.last_heard = now;
        self.silent = false;
        self.rate.add(now, wire_len);
    }

    // Reports.

    /// The source's sender report came.
    pub(crate) fn sender_reported(&mut self, now: Instant, ntp_time: u64) {
        self.last_sender_report = Some((ntp_middle(ntp_time), now));
    }

    /// The source said goodbye; whether that is news.
    pub(crate) fn bye_received(&mut self) -> bool {
        !core::mem::replace(&mut self.ended, true)
    }

    /// What to report about the source, if it was heard since the last report (RFC 3550 §6.4).
    pub(crate) fn report_block(&mut self, now: Instant) -> Option<ReportBlock> {
        let ssrc = self.ssrc.filter(|_| core::mem::take(&mut self.heard_since_report))?;
        let Source { tracker, reception } = self.source.as_mut()?;
        let (last_sender_report, delay) =
            self.last_sender_report.map_or((0, 0), |(middle, arrived)| {
                (middle, to_short_ntp(now.saturating_since(arrived)))
            });
        let lost = reception.lost();
        Some(ReportBlock {
            ssrc,
            fraction_lost: reception.close_interval(),
            // The writer clamps it further, to 24 bits.
            cumulative_lost: i32::try_from(lost).unwrap_or(i32::MAX),
            // Without the offset: the number on the wire and the count of its wraps.
            highest_sequence: (tracker.highest() - FIRST_OFFSET) as u32,
            jitter: reception.jitter_units(),
            last_sender_report,
            delay_since_last_sender_report: delay,
        })
    }

    // Timers.

    /// When something is to be asked for.
    pub(crate) fn next_feedback(&self, round_trip: Duration) -> Option<Instant> {
        if self.ssrc.is_none() || self.ended {
            return None;
        }
        [self.missing.next_due(), self.keyframe.next_due(round_trip)].into_iter().flatten().min()
    }

    /// What to ask for now: missing packets, into `numbers`, and whether a keyframe.
    pub(crate) fn take_feedback(
        &mut self,
        now: Instant,
        round_trip: Duration,
        numbers: &mut Vec<u16>,
    ) -> bool {
        // A little more than the round trip, so that an answer under way is not asked for again.
        let interval = (round_trip * 5 / 4).max(MIN_NACK_INTERVAL);
        self.missing.take_due(now, interval, numbers);
        let keyframe = self.ssrc.is_some() && self.keyframe.take_due(now, round_trip);
        self.stats.nacks_sent += numbers.len() as u64;
        self.stats.keyframe_requests_sent += u64::from(keyframe);
        keyframe
    }

    /// When the stream counts as silent, if it does not already.
    pub(crate) fn silent_at(&self, after: Duration) -> Option<Instant> {
        (!self.silent && !self.ended).then(|| self.last_heard + after)
    }

    /// The stream was reported silent.
    pub(crate) fn set_silent(&mut self) {
        self.silent = true;
    }
}

/// The least time between two requests for one packet.
const MIN_NACK_INTERVAL: Duration = Duration::from_millis(20);
