use zentalk_dtls_fingerprint::Path;
use zentalk_primitives::Instant;
use zentalk_rtp_session::limits::MAX_FEEDBACKS_PER_DATAGRAM;
use zentalk_srtp_media::rtcp::{Compound, CompoundWriter, Nack, Packet, SenderReport};

use super::Room;
use crate::key::Seat;
use crate::member::{Dropped, Sent};
use crate::sfu::Shared;

/// RTCP of a member: reports about what it sends, and feedback about what it receives.
impl Room {
    /// Takes in an SRTCP packet of the member at `place`. A compound with anything malformed in it changes nothing.
    pub(crate) fn handle_rtcp(
        &mut self,
        now: Instant,
        place: usize,
        path: Path,
        packet: &mut [u8],
        shared: &mut Shared,
    ) {
        let Some(member) = self.member_mut(place) else { return };
        let opened = member.open_rtcp(now, path, packet);
        if opened.is_ok() && member.is_to_be_noted(now) {
            shared.addresses.heard(now, path.remote);
        }
        let parsed =
            opened.and_then(|bytes| Compound::parse(bytes).map_err(|_| Dropped::UnknownSource));
        match parsed {
            Ok(compound) => self.handle_compound(now, place, &compound, shared),
            Err(dropped) => shared.stats.count(dropped),
        }
    }

    fn handle_compound(
        &mut self,
        now: Instant,
        place: usize,
        compound: &Compound<'_>,
        shared: &mut Shared,
    ) {
        let mut repeats = MAX_NACKED;
        let mut feedbacks = MAX_FEEDBACKS_PER_DATAGRAM;
        for packet in compound.packets() {
            match packet {
                Packet::SenderReport(report) => self.sender_reported(now, place, &report, shared),
                Packet::Nack(nack) => self.repeat(now, place, &nack, &mut repeats, shared),
                Packet::PictureLossIndication(pli) => {
                    self.keyframe_requested(now, place, pli.media_ssrc, shared);
                }
                Packet::FullIntraRequest(fir) => {
                    for entry in fir.entries().take(MAX_FIR_ENTRIES) {
                        self.keyframe_requested(now, place, entry.ssrc, shared);
                    }
                }
                Packet::TransportFeedback(feedback) => {
                    let Some(Ok(feedback)) = feedback.transport_cc() else { continue };
                    let Some(left) = feedbacks.checked_sub(1) else { continue };
                    feedbacks = left;
                    let member = self.member_mut(place);
                    let bandwidth = member.and_then(|member| member.outbound.bandwidth.as_mut());
                    if let Some(bandwidth) = bandwidth {
                        bandwidth.handle_feedback(now, &feedback);
                    }
                }
                // What a receiver reports about loss and delay the transport-wide feedback tells better.
                _ => {}
            }
        }
    }

    /// Notes where the clocks of a layer stand, and passes that on to those who receive the layer.
    fn sender_reported(
        &mut self,
        now: Instant,
        place: usize,
        report: &SenderReport<'_>,
        shared: &mut Shared,
    ) {
        let Some(member) = self.member_mut(place) else { return };
        let source = member.inbound.sources().find(report.ssrc()).filter(|source| !source.is_rtx);
        let Some(source) = source.filter(|_| member.inbound.admits_sender_report(now)) else {
            return;
        };
        let layer = source.layer as u8;
        if let Some(track) = member.inbound.track_mut(source.uplink) {
            let info = report.info();
            track.handle_sender_report(now, layer, info.ntp_time, info.rtp_time);
        }
        let mut next = 0;
        while let Some((to, slot)) = self.subscriber(place, source.uplink, next) {
            next += 1;
            self.pass_report_on((place, source.uplink), layer, (to, slot), shared);
        }
    }

    /// Tells a receiver where the clocks of `layer` stand on its own timeline, if it receives that layer.
    fn pass_report_on(
        &mut self,
        (place, uplink): (usize, usize),
        layer: u8,
        (to, slot): (usize, usize),
        shared: &mut Shared,
    ) {
        let seat = Seat { room: self.at, place: to };
        let Ok([Some(from), Some(receiver)]) = self.members.get_disjoint_mut([place, to]) else {
            return;
        };
        let Some(uplink) = from.inbound.uplink(uplink) else { return };
        let Some(slot) = receiver.outbound.slots.get(slot) else { return };
        let info = slot.outlet.sender_info(&uplink.track);
        let Some(info) = info.filter(|_| slot.outlet.layer() == Some(layer)) else { return };
        let mut writer = CompoundWriter::new(&mut shared.scratch.compound);
        // A report without blocks and a name of 16 bytes always fit.
        let _ = writer.sender_report(slot.ssrc, &info, &[]);
        let _ = writer.cname(slot.ssrc, &receiver.outbound.cname);
        shared.flush_compound(seat, receiver);
    }

    /// Repeats what a receiver misses, as far as it is to be had and the receiver's budget goes.
    fn repeat(
        &mut self,
        now: Instant,
        place: usize,
        nack: &Nack<'_>,
        repeats: &mut usize,
        shared: &mut Shared,
    ) {
        let seat = Seat { room: self.at, place };
        let Some((slot, (from, uplink))) = self.slot_of(place, nack.media_ssrc()) else { return };
        let Ok([Some(sender), Some(receiver)]) = self.members.get_disjoint_mut([from, place])
        else {
            return;
        };
        let Some(uplink) = sender.inbound.uplink(uplink) else { return };
        receiver.outbound.outbox.borrow_from(&mut shared.spare);
        for missing in nack.sequence_numbers().take(*repeats) {
            *repeats = repeats.saturating_sub(1);
            let sent = receiver.outbound.repeat(now, slot, &uplink.track, missing);
            shared.stats.repeated += u64::from(sent == Sent::Queued);
            shared.note_sent(sent, seat, receiver);
        }
    }

    /// A receiver cannot go on in the slot whose source is `ssrc`.
    fn keyframe_requested(&mut self, now: Instant, place: usize, ssrc: u32, shared: &mut Shared) {
        let Some((slot, (from, uplink))) = self.slot_of(place, ssrc) else { return };
        let Some(member) = self.member(place) else { return };
        let round_trip = member.outbound.round_trip();
        let slot = member.outbound.slots.get(slot);
        let Some(layer) = slot.and_then(|slot| slot.outlet.layer()) else { return };
        if let Some(from) = self.member_mut(from) {
            from.wish_for_keyframe(uplink, |gate| gate.request(now, layer, round_trip));
            shared.hurry(now, from);
        }
    }

    /// Which slot of a member goes out as `ssrc`, and whose uplink it carries.
    fn slot_of(&self, place: usize, ssrc: u32) -> Option<(usize, (usize, usize))> {
        let slots = &self.member(place)?.outbound.slots;
        let (at, slot) = slots.iter().enumerate().find(|(_, slot)| slot.ssrc == ssrc)?;
        Some((at, slot.bound?))
    }
}

/// Numbers that one compound may ask for; the outlet's budget decides how many of them are repeated.
const MAX_NACKED: usize = 512;

/// Requests for keyframes that one compound may hold.
const MAX_FIR_ENTRIES: usize = 32;
