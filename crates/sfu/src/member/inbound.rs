use core::time::Duration;

use zentalk_primitives::Instant;
use zentalk_rtp_session::bandwidth::FeedbackGenerator;
use zentalk_rtp_session::limits::REORDER_TOLERANCE;
use zentalk_srtp_media::SrtpReceiver;
use zentalk_srtp_media::rtp::RtpPacket;

use super::dropped::Dropped;
use super::sources::{Source, Sources};
use crate::forward::{KeyframeGate, PacketRef, PayloadFormat, Track, TrackConfig, TrackId};
use crate::limits::{MAX_AUDIO_BIT_RATE, MAX_UPLINKS};
use crate::rate::TokenBucket;
use crate::{Medium, ParticipantOffer, SfuConfig};

/// What comes from one participant: its keys, its tracks, and how much it may send.
pub(crate) struct Inbound {
    receiver: Option<SrtpReceiver>,
    sources: Sources,
    /// In the order of the offer.
    uplinks: Vec<UplinkState>,
    /// When there may be something to ask the participant for: missing packets, keyframes.
    pub(crate) ask_at: Option<Instant>,
    /// When which packet came, for the participant's own estimate; none if its packets bear no numbers.
    feedback: Option<(u8, FeedbackGenerator)>,
    bits: TokenBucket,
    packets: TokenBucket,
    reports: TokenBucket,
    sender_reports: TokenBucket,
    checks: TokenBucket,
    new_paths: TokenBucket,
}

/// One medium of the participant, and who receives it.
pub(crate) struct UplinkState {
    pub(crate) medium: Medium,
    pub(crate) layers: usize,
    pub(crate) track: Track,
    pub(crate) keyframes: KeyframeGate,
    /// Place and slot of each receiver.
    pub(crate) subscribers: Vec<(usize, usize)>,
    /// Of sound, what may come of it: as much as sound can be.
    bits: Option<TokenBucket>,
}

/// An authentic packet that has found its place in a track.
#[derive(Clone, Copy)]
pub(crate) struct Received {
    pub(crate) uplink: usize,
    pub(crate) medium: Medium,
    pub(crate) packet: PacketRef,
}

impl Inbound {
    /// `serial` counts the joins of the worker.
    pub(crate) fn new(
        now: Instant,
        serial: u64,
        offer: &ParticipantOffer,
        config: &SfuConfig,
    ) -> Self {
        let formats = offer.payload_types;
        let uplinks = offer.uplinks.iter().zip(0..).map(|(uplink, at): (_, u64)| {
            let id = TrackId(serial * MAX_UPLINKS as u64 + at);
            let (format, payload_type, rtx) = match uplink.medium {
                Medium::Audio => (PayloadFormat::Opaque, formats.audio, None),
                Medium::Video => (PayloadFormat::Vp8, formats.video, formats.video_rtx),
            };
            let mut track = TrackConfig::new(format, uplink.medium.clock_rate(), payload_type);
            track.rtx_payload_type = rtx;
            UplinkState {
                medium: uplink.medium,
                layers: uplink.encodings.len(),
                track: Track::new(id, &track),
                keyframes: KeyframeGate::new(),
                subscribers: Vec::new(),
                bits: (uplink.medium == Medium::Audio)
                    .then(|| TokenBucket::new(now, max_audio_bit_rate(config))),
            }
        });
        Self {
            receiver: None,
            uplinks: uplinks.collect(),
            ask_at: None,
            sources: Sources::new(offer.uplinks.clone(), offer.extensions),
            feedback: offer.extensions.transport_cc.map(|id| (id, FeedbackGenerator::new())),
            bits: TokenBucket::new(now, config.max_bit_rate),
            packets: TokenBucket::new(now, config.max_packet_rate.into()),
            reports: TokenBucket::new(now, MAX_REPORTS_PER_SECOND),
            sender_reports: TokenBucket::new(now, MAX_SENDER_REPORTS_PER_SECOND),
            checks: TokenBucket::new(now, MAX_CHECKS_PER_SECOND),
            new_paths: TokenBucket::new(now, MAX_NEW_PATHS_PER_SECOND),
        }
    }

    pub(crate) fn set_receiver(&mut self, receiver: SrtpReceiver) {
        self.receiver = Some(receiver);
    }

    pub(crate) fn uplink(&self, at: usize) -> Option<&UplinkState> {
        self.uplinks.get(at)
    }

    pub(crate) fn uplink_mut(&mut self, at: usize) -> Option<&mut UplinkState> {
        self.uplinks.get_mut(at)
    }

    pub(crate) fn track_mut(&mut self, uplink: usize) -> Option<&mut Track> {
        self.uplinks.get_mut(uplink).map(|uplink| &mut uplink.track)
    }

    /// Receivers wish for a keyframe of an uplink. It is asked for when that is due: not within the round trip of the last request.
    pub(crate) fn wish_for_keyframe(
        &mut self,
        uplink: usize,
        round_trip: Duration,
        wish: impl FnOnce(&mut KeyframeGate),
    ) {
        let Some(uplink) = self.uplinks.get_mut(uplink) else { return };
        wish(&mut uplink.keyframes);
        if let Some(due) = uplink.keyframes.next_due(round_trip) {
            self.ask_by(due);
        }
    }

    /// When there is something to tell or to ask the participant next.
    #[inline]
    pub(crate) fn due(&self) -> Option<Instant> {
        let feedback = self.feedback.as_ref().and_then(|(_, feedback)| feedback.next_due());
        [self.ask_at, feedback].into_iter().flatten().min()
    }

    /// The sources and what they carry, for those who write about both.
    pub(crate) fn parts(&mut self) -> (&Sources, &mut [UplinkState]) {
        (&self.sources, &mut self.uplinks)
    }

    pub(crate) fn uplinks_mut(&mut self) -> impl Iterator<Item = (usize, &mut UplinkState)> {
        self.uplinks.iter_mut().enumerate()
    }

    /// Where the participant sends `medium`, if it does.
    pub(crate) fn find(&self, medium: Medium) -> Option<usize> {
        self.uplinks.iter().position(|uplink| uplink.medium == medium)
    }

    pub(crate) fn sources(&self) -> &Sources {
        &self.sources
    }

    pub(crate) fn feedback_mut(&mut self) -> Option<&mut FeedbackGenerator> {
        self.feedback.as_mut().map(|(_, feedback)| feedback)
    }

    /// Opens an SRTP packet in place; its length without the tag. Nothing has changed if it is not authentic.
    pub(crate) fn open_rtp(&mut self, packet: &mut [u8]) -> Result<usize, Dropped> {
        let receiver = self.receiver.as_mut().ok_or(Dropped::NotYet)?;
        Ok(receiver.unprotect_rtp_in(packet)?)
    }

    /// Opens an SRTCP packet in place; its length without index and tag.
    pub(crate) fn open_rtcp(&mut self, packet: &mut [u8]) -> Result<usize, Dropped> {
        let receiver = self.receiver.as_mut().ok_or(Dropped::NotYet)?;
        Ok(receiver.unprotect_rtcp_in(packet)?.0)
    }

    /// Whether another authentic RTCP packet is within what the participant may send.
    pub(crate) fn admits_report(&mut self, now: Instant) -> bool {
        self.reports.take(now, 1)
    }

    /// Whether another sender report may be passed on to those who receive the participant.
    pub(crate) fn admits_sender_report(&mut self, now: Instant) -> bool {
        self.sender_reports.take(now, 1)
    }

    /// Whether the participant may make checks from another address yet.
    pub(crate) fn admits_path(&mut self, now: Instant) -> bool {
        self.new_paths.take(now, 1)
    }

    /// Whether another authentic connectivity check is within what the participant may send.
    pub(crate) fn admits_check(&mut self, now: Instant) -> bool {
        self.checks.take(now, 1)
    }

    /// Takes in an authentic RTP packet; `None` if nobody is to get it.
    pub(crate) fn handle_rtp(
        &mut self,
        now: Instant,
        bytes: &[u8],
    ) -> Result<Option<Received>, Dropped> {
        if !self.packets.take(now, 1) || !self.bits.take(now, 8 * bytes.len() as u64) {
            return Err(Dropped::OverRate);
        }
        let packet = RtpPacket::parse(bytes).map_err(|_| Dropped::UnknownSource)?;
        let source = self.sources.learn(&packet).ok_or(Dropped::UnknownSource)?;
        self.note_arrival(now, &packet, bytes.len());
        let uplink = self.uplinks.get_mut(source.uplink).ok_or(Dropped::UnknownSource)?;
        if !uplink.admits(now, bytes.len()) {
            return Err(Dropped::OverRate);
        }
        let placed = uplink.place(now, source, bytes);
        let (medium, has_gaps) = (uplink.medium, uplink.track.has_gaps(source.layer as u8));
        if has_gaps {
            self.ask_by(now + REORDER_TOLERANCE);
        }
        Ok(placed.map(|packet| Received { uplink: source.uplink, medium, packet }))
    }

    fn ask_by(&mut self, at: Instant) {
        self.ask_at = Some(self.ask_at.map_or(at, |sooner| sooner.min(at)));
    }

    /// Notes the packet's transport-wide number, if it bears one.
    fn note_arrival(&mut self, now: Instant, packet: &RtpPacket<'_>, len: usize) {
        if let Some((id, feedback)) = &mut self.feedback
            && let Some(Ok(number)) = packet.extension(*id).map(<[u8; 2]>::try_from)
        {
            feedback.received(now, u16::from_be_bytes(number), len);
        }
    }
}

impl UplinkState {
    /// Whether a packet of so many bytes is within what may come of the medium.
    #[inline]
    fn admits(&mut self, now: Instant, len: usize) -> bool {
        let bits = 8 * (len + LOWER_LAYERS) as u64;
        self.bits.as_mut().is_none_or(|bucket| bucket.take(now, bits))
    }

    fn place(&mut self, now: Instant, source: Source, bytes: &[u8]) -> Option<PacketRef> {
        let layer = source.layer as u8;
        let packet = if source.is_rtx {
            self.track.handle_rtx(now, layer, bytes)?
        } else {
            self.track.handle_rtp(now, layer, bytes)?
        };
        self.keyframes.heard(layer);
        if packet.starts_keyframe() {
            self.keyframes.received(now, layer);
        }
        Some(packet)
    }
}

/// Bits per second of a participant's sound. It goes to everybody, and pictures get what it leaves.
fn max_audio_bit_rate(config: &SfuConfig) -> u64 {
    MAX_AUDIO_BIT_RATE.max(config.max_bit_rate / 8)
}

/// Bytes that IP, UDP and SRTP add to a packet: many small ones are not cheap.
const LOWER_LAYERS: usize = 40;

/// Reports and feedback of one participant: fifty are many, a burst of a hundred is none of ours.
const MAX_REPORTS_PER_SECOND: u64 = 100;

/// Sender reports of one participant that are passed on: four for each of its sources. One compound holds seventy, and each goes to everybody.
const MAX_SENDER_REPORTS_PER_SECOND: u64 = 24;

/// Addresses from which one participant begins to make checks: an agent has a few, and what is not answered is asked again.
const MAX_NEW_PATHS_PER_SECOND: u64 = 8;

/// Connectivity checks of one participant: an agent makes one every 50 ms at most (RFC 8445 §14.2), and again what is not answered.
const MAX_CHECKS_PER_SECOND: u64 = 100;
