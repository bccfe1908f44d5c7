use core::time::Duration;

use rand_core::CryptoRng;
use zentalk_primitives::Instant;
use zentalk_srtp_media::rtcp::SenderInfo;

use super::allocation::LayerChoice;
use super::cache::Stored;
use super::header::{Fields, Header};
use super::history::History;
use super::limits::MAX_HISTORY_AGE;
use super::numbering::{Numbers, Place, Position, Run, Source};
use super::outlet_config::{InvalidOutlet, OutletConfig};
use super::outlet_stats::OutletStats;
use super::timeline::Timeline;
use super::track::{PacketRef, PayloadFormat, Track, TrackId};
use super::vp8::{PICTURE_ID_MASK, Vp8Head};

/// One slot towards one receiver: a stream of its own, whatever track and layer it carries.
///
/// To the receiver it is one source that never stops: sequence numbers, timestamps, picture ids and `TL0PICIDX` (RFC 7741
/// §4.2) go on where another layer or track takes over, and where temporal layers are left out. Numbers of packets that did
/// not come stay free, so that they can come late. Nothing behind the VP8 descriptor is changed.
///
/// 1. [`Self::switch_to`] a track, and [`Self::want`] one of its layers.
/// 2. The layer begins with a keyframe ([`Self::needs_keyframe`]); until then the one before goes on. Audio begins at once.
/// 3. [`Self::forward_header`] for each packet of the track, [`Self::repeat`] what the receiver asks for.
// In this order: what each packet needs lies together at the beginning, in as few of the processor's cache lines as it takes. Between two
// frames of one sender everything else has been through the caches.
#[repr(C, align(64))]
#[derive(Debug)]
pub struct Outlet {
    source: Option<TrackId>,
    current: Option<Run>,
    timeline: Timeline,
    format: PayloadFormat,
    wanted: Option<LayerChoice>,
    header: Header,
    /// If there is a source for repetitions.
    history: Option<History>,
    stats: OutletStats,
    rtx: Option<Rtx>,
    /// The run before, for its late packets.
    previous: Option<Run>,
    /// Where the next run begins, while there is no current one.
    position: Position,
}

/// The source of repetitions.
#[derive(Debug)]
struct Rtx {
    header: Header,
    next_sequence: u16,
}

impl Outlet {
    /// A slot that shows nothing. First numbers are drawn from `rng`.
    ///
    /// # Errors
    /// [`InvalidOutlet`].
    pub fn new(config: &OutletConfig<'_>, rng: &mut impl CryptoRng) -> Result<Self, InvalidOutlet> {
        let OutletConfig { payload_type, ssrc, transport_cc, mid, .. } = *config;
        let rtx = config.rtx.map(|(ssrc, payload_type)| {
            let header = Header::new(payload_type, ssrc, transport_cc, mid)?;
            let next_sequence = first_sequence(rng);
            Ok(Rtx { header, next_sequence })
        });
        Ok(Self {
            history: rtx.is_some().then(History::new),
            format: config.format,
            header: Header::new(payload_type, ssrc, transport_cc, mid)?,
            rtx: rtx.transpose()?,
            source: None,
            wanted: None,
            current: None,
            previous: None,
            position: Position {
                sequence: first_sequence(rng),
                picture_id: rng.next_u32() as u16 & PICTURE_ID_MASK,
                base_layer_index: rng.next_u32() as u8,
            },
            timeline: Timeline::new(config.clock_rate, rng.next_u32()),
            stats: OutletStats::default(),
        })
    }

    /// Shows this track from now on, or none. The layer that is wanted stays.
    pub fn switch_to(&mut self, source: Option<TrackId>) {
        if self.source != source {
            self.source = source;
            self.end_run();
        }
    }

    /// Wants this layer, or nothing for the time being. What goes out stays until the layer begins with a keyframe.
    pub fn want(&mut self, choice: Option<LayerChoice>) {
        self.wanted = choice;
        if choice.is_none() {
            self.end_run();
        }
    }

    /// The track that is shown.
    pub fn source(&self) -> Option<TrackId> {
        self.source
    }

    /// What is wanted.
    pub fn wanted(&self) -> Option<LayerChoice> {
        self.wanted
    }

    /// The layer that goes out.
    pub fn layer(&self) -> Option<u8> {
        self.current.as_ref().map(|run| run.source().layer)
    }

    /// The layer of the track that has to begin with a keyframe, so that it can go out.
    pub fn needs_keyframe(&self) -> Option<u8> {
        let wanted = self.wanted.filter(|_| self.source.is_some())?;
        let begins_anywhere = self.format == PayloadFormat::Opaque;
        let goes_out = begins_anywhere || self.layer() == Some(wanted.spatial);
        (!goes_out).then_some(wanted.spatial)
    }

    /// Reads what the next packet needs, and gives something of it: memory that has long left the processor's caches comes faster when
    /// many outlets ask for theirs at once.
    #[inline]
    pub fn touch(&self) -> u64 {
        let next = self.current.as_ref().map_or(0, Run::next_sequence);
        self.stats.packets ^ self.history.as_ref().map_or(0, |history| history.touch(next))
    }

    /// What the outlet has sent.
    pub fn stats(&self) -> OutletStats {
        self.stats
    }

    /// Bytes of memory held beside the outlet itself.
    pub fn memory(&self) -> usize {
        self.history.as_ref().map_or(0, History::memory)
    }

    /// Writes what the receiver gets of a packet to the beginning of `out` and returns its length. `None` if it gets nothing
    /// of it; `transport_sequence` is then not used up.
    ///
    /// `out` has room for the payload and [`MAX_OVERHEAD`](super::limits::MAX_OVERHEAD) bytes; in a shorter one the packet
    /// may be lost. Padding goes out in the place of a late packet that is not wanted any more.
    #[cfg(any(test, fuzzing))]
    pub fn forward(
        &mut self,
        now: Instant,
        track: &mut Track,
        packet: PacketRef,
        transport_sequence: u16,
        out: &mut [u8],
    ) -> Option<usize> {
        let (header, payload) = self.forward_header(now, track, packet, transport_sequence, out)?;
        out.get_mut(header..header + payload.len())?.copy_from_slice(payload);
        Some(header + payload.len())
    }

    /// Writes the header of what the receiver gets of a packet to the beginning of `out`, and gives its length and the payload that belongs
    /// behind it, which stays in the track: numbers for this receiver are in its descriptor now. `None` if the receiver gets nothing of it;
    /// `transport_sequence` is then not used up.
    ///
    /// Padding goes out in the place of a late packet that is not wanted any more.
    #[inline]
    pub fn forward_header<'t>(
        &mut self,
        now: Instant,
        track: &'t mut Track,
        packet: PacketRef,
        transport_sequence: u16,
        out: &mut [u8],
    ) -> Option<(usize, &'t [u8])> {
        let id = track.id();
        if self.source != Some(id) {
            return None;
        }
        let stored = *track.stored(packet)?.0;
        let stored = &stored;
        let (numbers, filler) = match self.place(now, track, stored) {
            Place::Send(numbers) => (numbers, false),
            Place::Fill(numbers) => (numbers, true),
            Place::Nothing => return None,
        };
        let sequence = numbers.sequence;
        let fields = fields(stored, &numbers, sequence, transport_sequence);
        let fields = Fields { marker: fields.marker && !filler, ..fields };
        self.header.write(&fields, out)?;
        let payload = if filler { FILLER } else { renumbered(track, packet, &numbers)? };
        let len = self.header.len() + payload.len();
        if filler {
            mark_padding(out);
            self.stats.filled += 1;
        } else {
            self.stats.octets += payload.len() as u64;
        }
        self.stats.packets += 1;
        // What fills a place is not repeated.
        if let Some(history) = self.history.as_mut().filter(|_| !filler) {
            history.push(id, packet.number(), numbers, len);
        }
        Some((self.header.len(), payload))
    }

    /// Writes the repetition of a packet that the receiver asks for to the beginning of `out` and returns its length. `None` if it is not to be
    /// had, was repeated less than `round_trip` ago, or the budget is spent.
    pub fn repeat(
        &mut self,
        now: Instant,
        track: &Track,
        sequence: u16,
        round_trip: Duration,
        transport_sequence: u16,
        out: &mut [u8],
    ) -> Option<usize> {
        let written =
            self.write_repetition(now, track, sequence, round_trip, transport_sequence, out);
        let counter =
            if written.is_some() { &mut self.stats.repeated } else { &mut self.stats.refused };
        *counter += 1;
        written
    }

    /// Writes a packet of about `bytes` bytes of padding (at most 255 beside its header) in the same way: to find
    /// out whether the path carries more. It goes out as repetitions do (RFC 4588 §4), so that the stream's own numbers stay
    /// without holes. `None` without a source for repetitions.
    pub fn pad(&mut self, bytes: usize, transport_sequence: u16, out: &mut [u8]) -> Option<usize> {
        let rtx = self.rtx.as_mut()?;
        let padding =
            u8::try_from(bytes.saturating_sub(rtx.header.len())).unwrap_or(u8::MAX).max(1);
        let fields = Fields {
            marker: false,
            sequence: rtx.next_sequence,
            timestamp: self.timeline.newest(),
            transport_sequence,
        };
        let body = rtx.header.write(&fields, out)?.get_mut(..usize::from(padding))?;
        body.fill(0);
        // RFC 3550 §5.1: the last byte counts, itself included.
        *body.last_mut()? = padding;
        rtx.next_sequence = rtx.next_sequence.wrapping_add(1);
        mark_padding(out);
        Some(rtx.header.len() + usize::from(padding))
    }

    /// The sender's part of a report for the receiver: the last that the track's sender gave about the layer that goes out,
    /// on the receiver's timeline, so that sound and picture of one participant stay together. `None` without either.
    pub fn sender_info(&self, track: &Track) -> Option<SenderInfo> {
        let run = self.current.as_ref().filter(|run| run.source().track == track.id())?;
        let clock = track.clock(run.source().layer)?;
        Some(SenderInfo {
            ntp_time: clock.ntp_time,
            rtp_time: clock.rtp_time.wrapping_add(run.timestamp_offset()),
            packet_count: self.stats.packets as u32,
            octet_count: self.stats.octets as u32,
        })
    }

    fn place(&mut self, now: Instant, track: &Track, packet: &Stored) -> Place {
        let Some(wanted) = self.wanted else { return Place::Nothing };
        let source =
            Source { track: track.id(), layer: packet.layer, generation: packet.generation };
        if let Some(run) = self.current.as_mut().filter(|run| run.source() == source) {
            let place = run.place(packet, wanted.temporal);
            // What is left out counts: late packets before it may still come, and what takes over comes after them.
            self.timeline.passed(now, packet.timestamp.wrapping_add(run.timestamp_offset()));
            return place;
        }
        if self.may_begin(packet, wanted) {
            return self.begin(now, track, packet, source, wanted);
        }
        if self.layer() == Some(packet.layer) && packet.newest {
            // The layer's numbering began anew without a keyframe: what comes has no beginning.
            self.end_run();
        }
        let previous = self.previous.as_ref().filter(|run| run.source() == source);
        previous.map_or(Place::Nothing, |run| run.place_late(packet))
    }

    /// Whether the layer that is wanted can take over with this packet: in video with the first of a keyframe, behind which
    /// nothing has gone by yet.
    fn may_begin(&self, packet: &Stored, wanted: LayerChoice) -> bool {
        let begins = match self.format {
            PayloadFormat::Opaque => true,
            PayloadFormat::Vp8 => packet.vp8.is_some_and(|head| head.starts_keyframe),
        };
        begins && wanted.spatial == packet.layer && packet.newest && !packet.is_filler()
    }

    fn begin(
        &mut self,
        now: Instant,
        track: &Track,
        packet: &Stored,
        source: Source,
        wanted: LayerChoice,
    ) -> Place {
        let same_track = self.current.as_ref().filter(|run| run.source().track == track.id());
        let aligned = same_track.and_then(|run| {
            let old = track.aligned(packet.layer, packet.timestamp, run.source().layer)?;
            Some(old.wrapping_add(run.timestamp_offset()))
        });
        let timestamp = self.timeline.next(now, aligned);
        let memory = self.previous.take();
        self.end_run();
        let cap = wanted.temporal;
        let mut run = Run::new(source, packet, self.position, timestamp, cap, memory);
        let place = run.place(packet, cap);
        self.timeline.passed(now, timestamp);
        self.stats.switches += 1;
        self.current = Some(run);
        place
    }

    fn end_run(&mut self) {
        if let Some(run) = self.current.take() {
            self.position = run.end();
            self.previous = Some(run);
        }
    }

    fn write_repetition(
        &mut self,
        now: Instant,
        track: &Track,
        sequence: u16,
        round_trip: Duration,
        transport_sequence: u16,
        out: &mut [u8],
    ) -> Option<usize> {
        let (rtx, history) = (self.rtx.as_mut()?, self.history.as_mut()?);
        let sent = history.find(now, sequence, round_trip)?;
        if sent.track != track.id() {
            return None;
        }
        let (stored, payload) = track.stored_at(sent.packet)?;
        if now.saturating_since(stored.arrived) > MAX_HISTORY_AGE
            || !history.spend(now, sequence, payload.len())
        {
            return None;
        }
        let fields = fields(stored, &sent.numbers, rtx.next_sequence, transport_sequence);
        let body = rtx.header.write(&fields, out)?;
        // RFC 4588 §4: the number under which it went out first comes before the payload.
        let (original, body) = body.split_first_chunk_mut()?;
        *original = sequence.to_be_bytes();
        write_payload(payload, stored.vp8, &sent.numbers, body)?;
        rtx.next_sequence = rtx.next_sequence.wrapping_add(1);
        Some(rtx.header.len() + original.len() + payload.len())
    }
}

/// The padding that takes the place of a packet, its last byte its length (RFC 3550 §5.1).
const FILLER: &[u8] = &[0, 0, 0, 4];

/// Sets the padding bit of the packet in `out` (RFC 3550 §5.1).
fn mark_padding(out: &mut [u8]) {
    if let Some(first) = out.first_mut() {
        *first |= 0x20;
    }
}

fn fields(packet: &Stored, numbers: &Numbers, sequence: u16, transport_sequence: u16) -> Fields {
    Fields { marker: packet.marker, sequence, timestamp: numbers.timestamp, transport_sequence }
}

/// The payload with these numbers in its descriptor, if it has one. They are written where it is kept: each receiver's, and each repetition's,
/// take the place of those before.
#[inline]
fn renumbered<'t>(track: &'t mut Track, packet: PacketRef, numbers: &Numbers) -> Option<&'t [u8]> {
    let (stored, payload) = track.stored_mut(packet)?;
    if let Some(head) = stored.vp8 {
        head.renumber(payload, numbers.picture_id, numbers.base_layer_index);
    }
    Some(payload)
}

/// Copies a payload to the beginning of `out` and renumbers its descriptor, if it has one.
#[inline]
fn write_payload(
    payload: &[u8],
    vp8: Option<Vp8Head>,
    numbers: &Numbers,
    out: &mut [u8],
) -> Option<()> {
    let body = out.get_mut(..payload.len())?;
    body.copy_from_slice(payload);
    if let Some(head) = vp8 {
        head.renumber(body, numbers.picture_id, numbers.base_layer_index);
    }
    Some(())
}

/// RFC 3550 §5.1 wants a random one; below half the range receivers and SRTP see the first wrap (RFC 3711 §3.3.1).
fn first_sequence(rng: &mut impl CryptoRng) -> u16 {
    rng.next_u32() as u16 & 0x7fff
}
