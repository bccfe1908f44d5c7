//! One call: who is in it, and who receives from whom.

mod control;
mod media;
mod upkeep;

use zentalk_primitives::{Instant, ParticipantId, RoomId};

use crate::forward::{LayerChoice, TrackId};
use crate::key::{ParticipantKey, Seat};
use crate::member::{Member, SlotWish};
use crate::sfu::Shared;
use crate::{Medium, Wish};

/// The members of one call, each at a place of its own that it keeps.
pub(crate) struct Room {
    pub(crate) id: RoomId,
    /// Where the worker keeps the room.
    at: usize,
    members: Vec<Option<Box<Member>>>,
}

impl Room {
    pub(crate) fn new(id: RoomId, at: usize) -> Self {
        Self { id, at, members: Vec::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.members.iter().flatten().count()
    }

    pub(crate) fn places(&self) -> core::ops::Range<usize> {
        0..self.members.len()
    }

    pub(crate) fn member(&self, place: usize) -> Option<&Member> {
        self.members.get(place)?.as_deref()
    }

    pub(crate) fn member_mut(&mut self, place: usize) -> Option<&mut Member> {
        self.members.get_mut(place)?.as_deref_mut()
    }

    /// Has everybody looked after sooner for whom something has come up.
    pub(crate) fn hurry(&mut self, now: Instant, shared: &mut Shared) {
        self.members.iter_mut().flatten().for_each(|member| shared.hurry(now, member));
    }

    /// Where the participant sits, if it is here.
    pub(crate) fn place_of(&self, id: ParticipantId) -> Option<usize> {
        self.members.iter().position(|member| member.as_ref().is_some_and(|member| member.id == id))
    }

    /// The keys and ids of all members.
    pub(crate) fn people(&self) -> impl Iterator<Item = (ParticipantKey, ParticipantId)> {
        let seat = |place| Seat { room: self.at, place };
        self.members.iter().enumerate().filter_map(move |(place, member)| {
            let member = member.as_ref()?;
            Some((ParticipantKey { serial: member.serial, seat: seat(place) }, member.id))
        })
    }

    #[cfg(any(test, fuzzing))]
    pub(crate) fn members_for_fuzzing(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().flatten().map(|member| &**member)
    }

    /// The first free place.
    pub(crate) fn free_place(&self) -> usize {
        self.members.iter().position(Option::is_none).unwrap_or(self.members.len())
    }

    /// Gives the first free place to a member.
    pub(crate) fn seat(&mut self, member: Member) {
        match self.members.iter_mut().find(|place| place.is_none()) {
            Some(place) => *place = Some(Box::new(member)),
            None => self.members.push(Some(Box::new(member))),
        }
        self.bind();
    }

    /// Takes a member out.
    pub(crate) fn unseat(&mut self, place: usize) -> Option<Member> {
        let member = self.members.get_mut(place)?.take()?;
        self.bind();
        Some(*member)
    }

    /// Notes what the member at `place` wishes for, in place of what it wished before.
    pub(crate) fn subscribe(&mut self, place: usize, wishes: &[Wish]) {
        let Some(member) = self.member_mut(place) else { return };
        for slot in &mut member.outbound.slots {
            let wished = |wish: &&Wish| wish.mid == slot.mid && wish.medium == slot.medium;
            slot.wish = wishes
                .iter()
                .find(wished)
                .map(|wish| SlotWish { participant: wish.participant, max_layer: wish.max_layer });
        }
        self.bind();
    }

    /// Connects every slot with the uplink that it wishes for, if that is here.
    fn bind(&mut self) {
        for member in self.members.iter_mut().flatten() {
            for (_, uplink) in member.inbound.uplinks_mut() {
                uplink.subscribers.clear();
            }
        }
        for place in self.places() {
            let slots = self.member(place).map_or(0, |member| member.outbound.slots.len());
            for slot in 0..slots {
                self.bind_slot(place, slot);
            }
        }
    }

    fn bind_slot(&mut self, place: usize, slot: usize) {
        let provider = self.provider(place, slot);
        let track =
            provider.and_then(|(from, uplink)| self.subscribe_to(from, uplink, (place, slot)));
        let Some(member) = self.member_mut(place) else { return };
        member.outbound.is_settled = false;
        let Some(slot) = member.outbound.slots.get_mut(slot) else { return };
        slot.bound = provider;
        slot.outlet.switch_to(track);
        if slot.medium == Medium::Audio {
            slot.want(track.map(|_| ALL_OF_IT));
        }
    }

    /// The place and the uplink that a slot wishes for. Nobody receives themselves, or anything twice.
    fn provider(&self, place: usize, slot: usize) -> Option<(usize, usize)> {
        let slot = self.member(place)?.outbound.slots.get(slot)?;
        let from = self.place_of(slot.wish?.participant).filter(|from| *from != place)?;
        let inbound = &self.member(from)?.inbound;
        let at = inbound.find(slot.medium)?;
        let is_received = inbound.uplink(at)?.subscribers.iter().any(|(to, _)| *to == place);
        (!is_received).then_some((from, at))
    }

    fn subscribe_to(&mut self, from: usize, uplink: usize, to: (usize, usize)) -> Option<TrackId> {
        let uplink = self.member_mut(from)?.inbound.uplink_mut(uplink)?;
        uplink.subscribers.push(to);
        Some(uplink.track.id())
    }
}

/// Audio has one layer.
const ALL_OF_IT: LayerChoice = LayerChoice::whole(0);
