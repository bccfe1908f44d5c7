use core::time::Duration;

use zentalk_primitives::Instant;
use zentalk_rtp_session::bandwidth::BandwidthEstimator;
use zentalk_rtp_session::limits::REPORT_INTERVAL;
use zentalk_srtp_media::rtcp::{CompoundWriter, ReportBlock};

use super::Room;
use crate::forward::{Demand, LayerChoice};
use crate::key::{ParticipantKey, Seat};
use crate::limits::{MAX_ENCODINGS, MAX_UPLINKS};
use crate::member::{Member, Slot, Source};
use crate::sfu::Shared;
use crate::{Medium, Notice, SlotState};

/// What has to be done from time to time for an established member.
impl Room {
    /// Chooses layers, asks senders for keyframes, tells the member what came and what its slots carry.
    pub(crate) fn keep_up(&mut self, now: Instant, place: usize, shared: &mut Shared) {
        let Some(member) = self.member_mut(place) else { return };
        if member.allocation_due <= now {
            member.allocation_due = now + ALLOCATION_INTERVAL;
            // Wishes for keyframes lapse, so that those who still wait have to say so again.
            member.outbound.is_settled = false;
            self.choose_layers(now, place, shared);
        }
        self.settle_slots(now, place, shared);
        let seat = Seat { room: self.at, place };
        if let Some(member) = self.member_mut(place) {
            member.send_feedback(now, seat, shared);
            member.outbound.outbox.borrow_from(&mut shared.spare);
            if member.outbound.probe(now) {
                shared.note_pending(seat, member);
            }
            member.outbound.outbox.return_to(&mut shared.spare);
        }
    }

    /// Shares what the path carries out among the slots.
    fn choose_layers(&mut self, now: Instant, place: usize, shared: &mut Shared) {
        let Some(member) = self.member(place) else { return };
        let (mut demands, mut choices) = (
            core::mem::take(&mut shared.scratch.demands),
            core::mem::take(&mut shared.scratch.choices),
        );
        demands.clear();
        let mut audio = 0;
        for slot in &member.outbound.slots {
            let uplink =
                slot.bound.and_then(|(from, uplink)| self.member(from)?.inbound.uplink(uplink));
            let rates = uplink.map(|uplink| uplink.track.rates(now));
            match (slot.medium, slot.wish, rates) {
                (Medium::Audio, _, rates) => {
                    audio += rates.map_or(0, |[[.., all], ..]| all);
                }
                (Medium::Video, Some(wish), Some(rates)) => demands.push(Demand {
                    max_layer: Some(wish.max_layer),
                    rates,
                    priority: wish.max_layer,
                }),
                (Medium::Video, ..) => demands.push(Demand::default()),
            }
        }
        choices.clear();
        choices.resize(demands.len(), None);
        if let Some(member) = self.member_mut(place) {
            let assumed = shared.config.assumed_bit_rate;
            let bandwidth = member.outbound.bandwidth.as_ref();
            let estimate = bandwidth.map_or(assumed, BandwidthEstimator::estimate);
            member.apply_choices(now, (estimate, audio), &demands, &mut choices);
        }
        (shared.scratch.demands, shared.scratch.choices) = (demands, choices);
    }

    /// Asks for what the member's slots wait for, and tells what they carry, unless nothing has changed.
    fn settle_slots(&mut self, now: Instant, place: usize, shared: &mut Shared) {
        let Some(member) = self.member_mut(place) else { return };
        if !core::mem::replace(&mut member.outbound.is_settled, true) {
            self.want_keyframes(now, place, shared);
            self.tell_slots(now, place, shared);
        }
    }

    /// Has the senders asked for the keyframes that the member's slots wait for.
    fn want_keyframes(&mut self, now: Instant, place: usize, shared: &mut Shared) {
        let slots = self.member(place).map_or(0, |member| member.outbound.slots.len());
        for slot in 0..slots {
            let waiting = self.member(place).and_then(|member| {
                let slot = member.outbound.slots.get(slot)?;
                Some((slot.bound?, slot.outlet.needs_keyframe()?))
            });
            let Some(((from, uplink), layer)) = waiting else { continue };
            if let Some(from) = self.member_mut(from) {
                from.wish_for_keyframe(uplink, |gate| gate.want(layer));
                shared.hurry(now, from);
            }
        }
    }

    /// Has the control channel tell what the slots carry, where that has changed. Whose it is, at once: what comes in a slot is not opened
    /// before that is known. Of layers, which their sender can have change with every packet, not more often than they are chosen.
    fn tell_slots(&mut self, now: Instant, place: usize, shared: &mut Shared) {
        let Some(member) = self.member(place) else { return };
        let state_of = |slot: &Slot| SlotState {
            mid: slot.mid,
            participant: slot.bound.and_then(|(from, _)| Some(self.member(from)?.id)),
            layer: slot.outlet.layer().filter(|_| slot.medium == Medium::Video),
        };
        let (slots, told_at) = (&member.outbound.slots, member.outbound.told_at);
        let is_early = told_at.is_some_and(|at| now.saturating_since(at) < ALLOCATION_INTERVAL);
        let is_news = |slot: &Slot| match state_of(slot) {
            state if is_early => state.participant != slot.told.participant,
            state => state != slot.told,
        };
        if !slots.iter().any(is_news) {
            return;
        }
        let states: Vec<_> = slots.iter().map(state_of).collect();
        let seat = Seat { room: self.at, place };
        shared.tell(ParticipantKey { serial: member.serial, seat }, Notice::Slots(states.clone()));
        if let Some(member) = self.member_mut(place) {
            let slots = member.outbound.slots.iter_mut();
            slots.zip(states).for_each(|(slot, state)| slot.told = state);
            member.outbound.told_at = Some(now);
        }
    }
}

impl Member {
    fn apply_choices(
        &mut self,
        now: Instant,
        (estimate, audio): (u64, u64),
        demands: &[Demand],
        choices: &mut [Option<LayerChoice>],
    ) {
        let outbound = &mut self.outbound;
        outbound.allocation.decide(now, estimate, audio, demands, choices);
        let video = outbound.slots.iter_mut().filter(|slot| slot.medium == Medium::Video);
        for (slot, choice) in video.zip(choices) {
            outbound.is_settled &= !slot.want(*choice);
        }
    }

    /// Tells the member which of its packets came, which are missing, and where a keyframe is needed; and every second how well it is heard.
    fn send_feedback(&mut self, now: Instant, seat: Seat, shared: &mut Shared) {
        if let Some(bandwidth) = &mut self.outbound.bandwidth
            && bandwidth.next_timeout().is_some_and(|at| at <= now)
        {
            bandwidth.handle_timeout(now);
        }
        if self.report_due <= now {
            self.report_due = now + REPORT_INTERVAL;
            self.write_report(now, shared);
        }
        self.write_requests(now, shared);
        shared.flush_compound(seat, self);
        while self.write_arrivals(now, shared) {
            shared.flush_compound(seat, self);
        }
    }

    /// Requests for missing packets and for keyframes.
    fn write_requests(&mut self, now: Instant, shared: &mut Shared) {
        if self.inbound.ask_at.is_none_or(|at| at > now) {
            return;
        }
        let (round_trip, reporter) = (self.outbound.round_trip(), self.outbound.reporter);
        let scratch = &mut shared.scratch;
        let mut writer = CompoundWriter::new(&mut scratch.compound);
        let mut next: Option<Instant> = None;
        let (sources, uplinks) = self.inbound.parts();
        for (at, uplink) in uplinks.iter_mut().enumerate() {
            let source_of =
                |layer: usize| sources.ssrc_of(Source { uplink: at, layer, is_rtx: false });
            if uplink.track.next_nack().is_some_and(|due| due <= now) {
                for layer in 0..uplink.layers {
                    uplink.track.nacks_due(now, layer as u8, round_trip, &mut scratch.numbers);
                    if let Some(ssrc) = source_of(layer) {
                        // Fails only where there is nothing to ask for.
                        let _ = writer.nack(reporter, ssrc, &scratch.numbers);
                    }
                }
            }
            while let Some(layer) = uplink.keyframes.take_due(now, round_trip) {
                if let Some(ssrc) = source_of(layer.into()) {
                    let _ = writer.pli(reporter, ssrc);
                }
            }
            let due = [uplink.track.next_nack(), uplink.keyframes.next_due(round_trip), next];
            next = due.into_iter().flatten().min();
        }
        self.inbound.ask_at = next;
    }

    /// How well each source of the member is heard (RFC 3550 §6.4.2).
    fn write_report(&mut self, now: Instant, shared: &mut Shared) {
        let mut blocks = [ReportBlock::default(); MAX_UPLINKS * MAX_ENCODINGS];
        let mut count = 0;
        let (sources, uplinks) = self.inbound.parts();
        for (at, uplink) in uplinks.iter_mut().enumerate() {
            for layer in 0..uplink.layers {
                let ssrc = sources.ssrc_of(Source { uplink: at, layer, is_rtx: false });
                let block = ssrc.and_then(|ssrc| uplink.track.report(now, layer as u8, ssrc));
                if let (Some(block), Some(place)) = (block, blocks.get_mut(count)) {
                    *place = block;
                    count += 1;
                }
            }
        }
        let (reporter, cname) = (self.outbound.reporter, self.outbound.cname);
        let mut writer = CompoundWriter::new(&mut shared.scratch.compound);
        // Six blocks at most and a name of 16 bytes always fit.
        let _ = writer.receiver_report(reporter, blocks.get(..count).unwrap_or_default());
        let _ = writer.cname(reporter, &cname);
    }

    /// One message of transport-wide feedback, if one is due; whether it was.
    fn write_arrivals(&mut self, now: Instant, shared: &mut Shared) -> bool {
        let reporter = self.outbound.reporter;
        let media = self.inbound.sources().any();
        let Some(feedback) = self.inbound.feedback_mut() else { return false };
        if feedback.next_due().is_none_or(|due| due > now) {
            return false;
        }
        let mut writer = CompoundWriter::new(&mut shared.scratch.compound);
        feedback.write(now, reporter, media, &mut writer)
    }
}

/// How often layers are chosen anew.
const ALLOCATION_INTERVAL: Duration = Duration::from_millis(100);
