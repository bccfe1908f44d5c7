use core::time::Duration;

use zentalk_primitives::Instant;
use zentalk_srtp_media::rtcp::ReportBlock;
use zentalk_srtp_media::rtp::RtpPacket;

use super::cache::{Cache, Span, Stored};
use super::layer::{Layer, SenderClock, Way};
use super::limits::{
    AUDIO_CACHE_BYTES, AUDIO_CACHE_PACKETS, MAX_LAYERS, MAX_PAYLOAD, MAX_TEMPORAL_LAYERS,
    MIN_NACK_INTERVAL, VIDEO_CACHE_BYTES, VIDEO_CACHE_PACKETS,
};
use super::vp8::Vp8Head;

/// Names a track among those that an outlet may show. The caller's to choose, and never used again for another track.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrackId(pub u64);

/// What a forwarder knows of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayloadFormat {
    /// Nothing: Opus, encrypted as a whole.
    Opaque,
    /// Its descriptor, and whether a frame stands alone (RFC 7741 §4.2).
    Vp8,
}

/// How a track is received.
#[non_exhaustive]
#[derive(Clone, Copy, Debug)]
pub struct TrackConfig {
    /// What it carries.
    pub format: PayloadFormat,
    /// Units of the RTP clock in a second.
    pub clock_rate: u32,
    /// The payload type under which its sender sends it. Packets of others are refused.
    pub payload_type: u8,
    /// The payload type of the sender's retransmissions (RFC 4588). Missing packets are asked for where there is one.
    pub rtx_payload_type: Option<u8>,
    /// Payload bytes that are remembered.
    pub cache_bytes: usize,
    /// Packets that are remembered.
    pub cache_packets: usize,
}

impl TrackConfig {
    /// A track without retransmissions, which remembers what its format needs.
    pub fn new(format: PayloadFormat, clock_rate: u32, payload_type: u8) -> Self {
        let (cache_bytes, cache_packets) = match format {
            PayloadFormat::Opaque => (AUDIO_CACHE_BYTES, AUDIO_CACHE_PACKETS),
            PayloadFormat::Vp8 => (VIDEO_CACHE_BYTES, VIDEO_CACHE_PACKETS),
        };
        Self {
            format,
            clock_rate,
            payload_type,
            rtx_payload_type: None,
            cache_bytes,
            cache_packets,
        }
    }
}

/// A packet that a track has taken, for as long as it remembers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PacketRef {
    number: u64,
    layer: u8,
    starts_keyframe: bool,
}

impl PacketRef {
    /// The layer that it belongs to.
    pub fn layer(&self) -> u8 {
        self.layer
    }

    /// A keyframe starts with it.
    pub fn starts_keyframe(&self) -> bool {
        self.starts_keyframe
    }

    pub(super) fn number(&self) -> u64 {
        self.number
    }
}

/// What a track has received, since it began.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrackStats {
    /// Packets taken.
    pub packets: u64,
    /// Of those, packets that had been asked for.
    pub recovered: u64,
    /// Packets refused: malformed, too long, of an unknown layer or payload type, seen before or far from the others.
    pub refused: u64,
    /// Packets asked for that never came.
    pub given_up: u64,
}

/// One medium of one participant, in up to [`MAX_LAYERS`] layers: what came of it, and the last packets.
///
/// A packet is taken once, however often it comes. All state is bounded (see [`limits`](super::limits)); nothing is
/// allocated for a packet once the first of the track has come, but for the list of missing packets, which grows with loss.
#[derive(Debug)]
pub struct Track {
    id: TrackId,
    config: TrackConfig,
    layers: [Layer; MAX_LAYERS],
    cache: Cache,
    stats: TrackStats,
}

impl Track {
    /// A track of which nothing has come.
    pub fn new(id: TrackId, config: &TrackConfig) -> Self {
        let cache = Cache::new(config.cache_bytes, config.cache_packets);
        let (layers, stats) = (Default::default(), TrackStats::default());
        Self { id, config: *config, layers, cache, stats }
    }

    /// Its name.
    pub fn id(&self) -> TrackId {
        self.id
    }

    /// What it carries.
    pub fn format(&self) -> PayloadFormat {
        self.config.format
    }

    /// Takes an authentic packet of `layer`: plaintext RTP, its payload encrypted by frames. `None` if it is refused.
    #[inline]
    pub fn handle_rtp(&mut self, now: Instant, layer: u8, packet: &[u8]) -> Option<PacketRef> {
        let parsed = self.parsed(packet, Some(self.config.payload_type));
        let taken = parsed.and_then(|parsed| {
            let number = parsed.sequence_number();
            self.take(now, layer, Way::Media, number, &parsed, parsed.payload())
        });
        self.counted(taken, Way::Media)
    }

    /// Takes a packet of the layer's retransmissions (RFC 4588 §4): the number of the packet that was missing, then its
    /// payload. `None` if it is refused, or nothing but padding to probe the path.
    pub fn handle_rtx(&mut self, now: Instant, layer: u8, packet: &[u8]) -> Option<PacketRef> {
        let parsed = self.parsed(packet, self.config.rtx_payload_type);
        let taken = parsed.and_then(|parsed| {
            let (number, payload) = parsed.payload().split_first_chunk()?;
            self.take(
                now,
                layer,
                Way::Retransmission,
                u16::from_be_bytes(*number),
                &parsed,
                payload,
            )
        });
        self.counted(taken, Way::Retransmission)
    }

    /// The sender's report about a layer came: one moment as NTP time and on the layer's RTP clock (RFC 3550 §6.4.1).
    pub fn handle_sender_report(&mut self, now: Instant, layer: u8, ntp_time: u64, rtp_time: u32) {
        if let Some(layer) = self.layers.get_mut(usize::from(layer)) {
            layer.sender_reported(now, ntp_time, rtp_time);
        }
    }

    /// Whether packets of a layer are missing, to be asked for now or later.
    pub fn has_gaps(&self, layer: u8) -> bool {
        self.layers.get(usize::from(layer)).is_some_and(Layer::has_gaps)
    }

    /// When a missing packet is to be asked for.
    pub fn next_nack(&self) -> Option<Instant> {
        self.layers.iter().filter_map(Layer::next_nack).min()
    }

    /// Fills `numbers` with the packets of a layer that the sender is to be asked for now, at most one feedback packet's
    /// worth. Each is asked for again after a little more than `round_trip`, and given up after some tries.
    pub fn nacks_due(
        &mut self,
        now: Instant,
        layer: u8,
        round_trip: Duration,
        numbers: &mut Vec<u16>,
    ) {
        numbers.clear();
        if let Some(layer) = self.layers.get_mut(usize::from(layer)) {
            layer.nacks_due(now, (round_trip * 5 / 4).max(MIN_NACK_INTERVAL), numbers);
        }
    }

    /// What to report to the sender about a layer, which it sends as `ssrc` (RFC 3550 §6.4.1). `None` if nothing of it was
    /// heard since the last report.
    pub fn report(&mut self, now: Instant, layer: u8, ssrc: u32) -> Option<ReportBlock> {
        self.layers.get_mut(usize::from(layer))?.report(now, ssrc)
    }

    /// What comes, in bits per second: for each layer, each temporal layer with those below it. 0 in a layer that is off, or of
    /// which too little is known yet.
    pub fn rates(&self, now: Instant) -> [[u64; MAX_TEMPORAL_LAYERS]; MAX_LAYERS] {
        self.layers.each_ref().map(|layer| layer.rates(now))
    }

    /// What the track has received.
    pub fn stats(&self) -> TrackStats {
        TrackStats { given_up: self.layers.iter().map(Layer::given_up).sum(), ..self.stats }
    }

    /// The payload's length in bytes, while the packet is remembered.
    pub fn payload_len(&self, packet: PacketRef) -> Option<usize> {
        self.stored(packet).map(|(_, payload)| payload.len())
    }

    /// Bytes of memory held beside the track itself.
    pub fn memory(&self) -> usize {
        self.cache.memory()
    }

    #[inline]
    pub(super) fn stored(&self, packet: PacketRef) -> Option<(&Stored, &[u8])> {
        self.cache.get(packet.number)
    }

    #[inline]
    pub(super) fn stored_mut(&mut self, packet: PacketRef) -> Option<(&Stored, &mut [u8])> {
        self.cache.get_mut(packet.number)
    }

    pub(super) fn stored_at(&self, number: u64) -> Option<(&Stored, &[u8])> {
        self.cache.get(number)
    }

    pub(super) fn clock(&self, layer: u8) -> Option<SenderClock> {
        self.layers.get(usize::from(layer))?.clock()
    }

    /// The timestamp that layer `other` has at the moment when `layer` has `timestamp`, by the sender's reports.
    pub(super) fn aligned(&self, layer: u8, timestamp: u32, other: u8) -> Option<u32> {
        let (clock, other) = (self.clock(layer)?, self.clock(other)?);
        let between = i128::from(clock.ntp_time.wrapping_sub(other.ntp_time) as i64);
        let units = (between * i128::from(self.config.clock_rate)) >> 32;
        let since = timestamp.wrapping_sub(clock.rtp_time);
        Some(other.rtp_time.wrapping_add(units as u32).wrapping_add(since))
    }

    fn parsed<'a>(&self, packet: &'a [u8], payload_type: Option<u8>) -> Option<RtpPacket<'a>> {
        let parsed = RtpPacket::parse(packet).ok()?;
        (Some(parsed.payload_type()) == payload_type).then_some(parsed)
    }

    fn take(
        &mut self,
        now: Instant,
        layer: u8,
        way: Way,
        number: u16,
        packet: &RtpPacket<'_>,
        payload: &[u8],
    ) -> Option<PacketRef> {
        if payload.len() > MAX_PAYLOAD {
            return None;
        }
        let vp8 = match self.config.format {
            PayloadFormat::Vp8 if !payload.is_empty() => Some(Vp8Head::parse(payload)?),
            _ => None,
        };
        let TrackConfig { clock_rate, rtx_payload_type, .. } = self.config;
        let state = self.layers.get_mut(usize::from(layer))?;
        let timestamp = packet.timestamp();
        let arrival =
            state.arrived(now, way, number, timestamp, clock_rate, rtx_payload_type.is_some())?;
        state.count(now, vp8.map_or(0, |head| head.temporal), payload.len() + HEADER_ESTIMATE);
        let stored = Stored {
            sequence: arrival.sequence,
            arrived: now,
            timestamp,
            generation: arrival.generation,
            layer,
            marker: packet.marker(),
            newest: arrival.newest,
            vp8,
            payload: Span::default(),
        };
        let starts_keyframe = vp8.is_some_and(|head| head.starts_keyframe);
        Some(PacketRef { number: self.cache.push(stored, payload)?, layer, starts_keyframe })
    }

    fn counted(&mut self, taken: Option<PacketRef>, way: Way) -> Option<PacketRef> {
        let recovered = taken.is_some() && way == Way::Retransmission;
        self.stats.packets += u64::from(taken.is_some());
        self.stats.recovered += u64::from(recovered);
        self.stats.refused += u64::from(taken.is_none());
        taken
    }
}

/// What a header that goes out adds to a payload, in the rates that are compared with an estimate.
const HEADER_ESTIMATE: usize = 24;
