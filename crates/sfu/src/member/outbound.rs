use rand_core::CryptoRng;
use zentalk_dtls_fingerprint::Path;
use zentalk_primitives::{Instant, ParticipantId};
use zentalk_rtp_session::bandwidth::{BandwidthConfig, BandwidthEstimator};
use zentalk_srtp_media::{MAX_TRAILER, RtcpProtection, SrtpSender};

use super::probing::Probing;
use crate::forward::limits::{MAX_OVERHEAD, MAX_PAYLOAD};
use crate::forward::{
    Allocation, LayerChoice, Outlet, OutletConfig, PacketRef, PayloadFormat, Track,
};
use crate::outbox::Outbox;
use crate::{Label, Medium, ParticipantOffer, Refusal, SfuConfig, SlotAnswer, SlotState};

/// What goes to one participant: its keys, its slots, and what its path carries.
pub(crate) struct Outbound {
    sender: Option<SrtpSender>,
    path: Option<Path>,
    pub(crate) outbox: Outbox,
    pub(crate) slots: Vec<Slot>,
    /// Nothing has changed since keyframes were asked for and the participant was told what its slots carry.
    pub(crate) is_settled: bool,
    /// When the participant was last told what its slots carry.
    pub(crate) told_at: Option<Instant>,
    /// None if the participant does not tell which packets came.
    pub(crate) bandwidth: Option<BandwidthEstimator>,
    pub(crate) allocation: Allocation,
    pub(crate) probing: Probing,
    /// The source of our reports about what it sends.
    pub(crate) reporter: u32,
    pub(crate) cname: [u8; CNAME_LEN],
}

/// One section in which the participant receives.
pub(crate) struct Slot {
    pub(crate) mid: Label,
    pub(crate) medium: Medium,
    pub(crate) ssrc: u32,
    pub(crate) outlet: Outlet,
    pub(crate) wish: Option<SlotWish>,
    /// The member whose medium it carries: its place and which of its uplinks.
    pub(crate) bound: Option<(usize, usize)>,
    pub(crate) told: SlotState,
}

/// What the participant wants to receive in a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SlotWish {
    pub(crate) participant: ParticipantId,
    pub(crate) max_layer: u8,
}

/// What became of a packet that was to go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    Queued,
    /// The receiver gets nothing of it.
    Nothing,
    /// There was no room.
    Overflown,
}

impl Outbound {
    pub(crate) fn new(
        now: Instant,
        offer: &ParticipantOffer,
        config: &SfuConfig,
        rng: &mut impl CryptoRng,
    ) -> Result<(Self, Vec<SlotAnswer>), Refusal> {
        let mut sources = Ssrcs::of(offer);
        let mut cname = [0; CNAME_LEN];
        rng.fill_bytes(&mut cname);
        cname.iter_mut().for_each(|byte| *byte = b'a' + *byte % 26);
        let mut outbound = Self {
            sender: None,
            path: None,
            outbox: Outbox::new(config.max_queued, config.max_segments),
            slots: Vec::with_capacity(offer.slots.len()),
            is_settled: false,
            told_at: None,
            bandwidth: offer.extensions.transport_cc.map(|_| BandwidthEstimator::new(bandwidth())),
            allocation: Allocation::new(),
            probing: Probing::new(now),
            reporter: sources.next(rng),
            cname,
        };
        let mut answers = Vec::with_capacity(offer.slots.len());
        for slot in &offer.slots {
            let ssrc = sources.next(rng);
            let rtx = offer.payload_types.video_rtx.filter(|_| slot.medium == Medium::Video);
            let rtx = rtx.map(|payload_type| (sources.next(rng), payload_type));
            answers.push(SlotAnswer { mid: slot.mid, ssrc, rtx_ssrc: rtx.map(|(ssrc, _)| ssrc) });
            outbound.slots.push(Slot::new(offer, slot.mid, slot.medium, ssrc, rtx, rng)?);
        }
        Ok((outbound, answers))
    }

    pub(crate) fn set_sender(&mut self, sender: SrtpSender) {
        self.sender = Some(sender);
    }

    /// Where packets go from now on; nowhere if none.
    pub(crate) fn set_path(&mut self, path: Option<Path>) {
        self.path = path;
    }

    /// Reads what it takes to send in `slot`, and gives something of it: see [`Outlet::touch`].
    #[inline]
    pub(crate) fn touch(&self, slot: usize) -> u64 {
        let Some(slot) = self.slots.get(slot) else { return 0 };
        let sent = self.sender.as_ref().and_then(|sender| sender.rollover_counter(slot.ssrc));
        slot.outlet.touch() ^ u64::from(sent.unwrap_or(0)) ^ u64::from(self.outbox.is_empty())
    }

    /// Puts what the receiver gets of `packet` in `slot` into the outbox, protected in place.
    #[inline]
    pub(crate) fn forward(
        &mut self,
        now: Instant,
        slot: usize,
        track: &mut Track,
        packet: PacketRef,
    ) -> Sent {
        let Some((sender, slot, path)) =
            sending(&mut self.sender, &mut self.slots, slot, &self.path)
        else {
            return Sent::Nothing;
        };
        let Some(room) = self.outbox.room(MAX_PACKET) else { return Sent::Overflown };
        let number = self.bandwidth.as_ref().map_or(0, BandwidthEstimator::next_sequence);
        let layer = slot.outlet.layer();
        let written = slot.outlet.forward_header(now, track, packet, number, room);
        self.is_settled &= slot.outlet.layer() == layer;
        let Some((header, payload)) = written else { return Sent::Nothing };
        if let Some(bandwidth) = &mut self.bandwidth {
            bandwidth.packet_sent(now, header + payload.len());
        }
        let Ok(len) = sender.protect_rtp_payload_in(room, header, payload) else {
            return Sent::Nothing;
        };
        self.outbox.commit(path.local, path.remote, len);
        Sent::Queued
    }

    /// Puts the repetition of a packet that the receiver misses into the outbox.
    pub(crate) fn repeat(
        &mut self,
        now: Instant,
        slot: usize,
        track: &Track,
        missing: u16,
    ) -> Sent {
        let round_trip = self.round_trip();
        self.send(now, slot, |slot, number, room| {
            slot.outlet.repeat(now, track, missing, round_trip, number, room)
        })
    }

    /// Begins to find out whether the path carries the next better layer, if that would be of use, and sends the padding that is due for
    /// it; whether any was.
    pub(crate) fn probe(&mut self, now: Instant) -> bool {
        let Some(bandwidth) = &mut self.bandwidth else { return false };
        self.probing.consider(now, self.allocation.wanted(), bandwidth);
        let slice = self.probing.take_slice(now);
        let sent = if slice == 0 { return false } else { self.pad(now, slice) };
        if self.probing.sent(sent)
            && let Some(bandwidth) = &mut self.bandwidth
        {
            bandwidth.end_probe();
        }
        sent > 0
    }

    /// Sends so many bytes of padding, and a little more; how many it was.
    fn pad(&mut self, now: Instant, bytes: usize) -> usize {
        let bound = |slot: &Slot| slot.medium == Medium::Video && slot.bound.is_some();
        let Some(slot) = self.slots.iter().position(bound) else { return 0 };
        let mut sent = 0;
        while sent < bytes {
            let mut len = 0;
            let result = self.send(now, slot, |slot, number, room| {
                len = slot.outlet.pad(usize::MAX, number, room)?;
                Some(len)
            });
            if result != Sent::Queued {
                break;
            }
            sent += len;
        }
        sent
    }

    /// Puts an RTCP compound into the outbox; false if it does not go out.
    pub(crate) fn send_rtcp(&mut self, compound: &[u8]) -> bool {
        let (Some(sender), Some(path)) = (&mut self.sender, self.path) else { return false };
        let Some(room) = self.outbox.room(compound.len() + MAX_TRAILER) else { return false };
        let (packet, _) = room.split_at_mut(compound.len());
        packet.copy_from_slice(compound);
        let protected = sender.protect_rtcp_in(room, compound.len(), RtcpProtection::Encrypted);
        protected.map(|len| self.outbox.commit(path.local, path.remote, len)).is_ok()
    }

    /// The round trip to the participant, as far as it is known.
    pub(crate) fn round_trip(&self) -> core::time::Duration {
        let measured = self.bandwidth.as_ref().and_then(|bandwidth| bandwidth.state().round_trip);
        measured.unwrap_or(zentalk_rtp_session::limits::INITIAL_ROUND_TRIP)
    }

    fn send(
        &mut self,
        now: Instant,
        slot: usize,
        write: impl FnOnce(&mut Slot, u16, &mut [u8]) -> Option<usize>,
    ) -> Sent {
        let Some((sender, slot, path)) =
            sending(&mut self.sender, &mut self.slots, slot, &self.path)
        else {
            return Sent::Nothing;
        };
        let Some(room) = self.outbox.room(MAX_PACKET) else { return Sent::Overflown };
        let number = self.bandwidth.as_ref().map_or(0, BandwidthEstimator::next_sequence);
        let Some(len) = write(slot, number, room) else { return Sent::Nothing };
        if let Some(bandwidth) = &mut self.bandwidth {
            bandwidth.packet_sent(now, len);
        }
        match sender.protect_rtp_in(room, len) {
            Ok(len) => {
                self.outbox.commit(path.local, path.remote, len);
                Sent::Queued
            }
            Err(_) => Sent::Nothing,
        }
    }
}

/// What it takes to send in a slot.
#[inline]
fn sending<'a>(
    sender: &'a mut Option<SrtpSender>,
    slots: &'a mut [Slot],
    slot: usize,
    path: &'a Option<Path>,
) -> Option<(&'a mut SrtpSender, &'a mut Slot, &'a Path)> {
    Some((sender.as_mut()?, slots.get_mut(slot)?, path.as_ref()?))
}

impl Slot {
    fn new(
        offer: &ParticipantOffer,
        mid: Label,
        medium: Medium,
        ssrc: u32,
        rtx: Option<(u32, u8)>,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, Refusal> {
        let (format, payload_type) = match medium {
            Medium::Audio => (PayloadFormat::Opaque, offer.payload_types.audio),
            Medium::Video => (PayloadFormat::Vp8, offer.payload_types.video),
        };
        let mut config = OutletConfig::new(format, medium.clock_rate(), ssrc, payload_type);
        config.rtx = rtx;
        config.transport_cc = offer.extensions.transport_cc;
        config.mid = offer.extensions.mid.map(|id| (id, mid.as_str()));
        let outlet = Outlet::new(&config, rng).map_err(|_| Refusal::Offer("slots"))?;
        let told = SlotState { mid, participant: None, layer: None };
        Ok(Self { mid, medium, ssrc, outlet, wish: None, bound: None, told })
    }

    /// Takes layers from the track from now on as `choice` says, or nothing; whether that is something else than before.
    pub(crate) fn want(&mut self, choice: Option<LayerChoice>) -> bool {
        let is_new = self.outlet.wanted() != choice;
        if is_new {
            self.outlet.want(choice);
        }
        is_new
    }
}

/// Draws sources that differ from each other and from the participant's own.
struct Ssrcs(Vec<u32>);

impl Ssrcs {
    fn of(offer: &ParticipantOffer) -> Self {
        let encodings = offer.uplinks.iter().flat_map(|uplink| &uplink.encodings);
        Self(encodings.flat_map(|encoding| [encoding.ssrc, encoding.rtx_ssrc]).flatten().collect())
    }

    fn next(&mut self, rng: &mut impl CryptoRng) -> u32 {
        loop {
            let ssrc = rng.next_u32();
            if ssrc != 0 && !self.0.contains(&ssrc) {
                self.0.push(ssrc);
                return ssrc;
            }
        }
    }
}

/// Most paths carry more than our smallest layers at once; that a path does not is seen within a second.
fn bandwidth() -> BandwidthConfig {
    BandwidthConfig::default().start(START)
}

/// Bits per second that a path is believed to carry before anything is known of it.
const START: u64 = 800_000;

/// The longest packet that goes out, protected.
const MAX_PACKET: usize = MAX_PAYLOAD + MAX_OVERHEAD + MAX_TRAILER;

const CNAME_LEN: usize = 16;
