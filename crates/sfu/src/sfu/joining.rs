use core::time::Duration;

use rand_core::CryptoRng;
use zentalk_primitives::{Instant, ParticipantId, RoomId};

use super::Sfu;
use crate::key::Seat;
use crate::member::Member;
use crate::room::Room;
use crate::stun::UFRAG_LEN;
use crate::{
    Error, GoneReason, Notice, ParticipantAnswer, ParticipantKey, ParticipantOffer, Refusal, Wish,
};

/// Commands of the control channel.
impl Sfu {
    /// Lets a participant into a room, whose name its token bears; the first makes the room. If it is there already, it is replaced: the
    /// last one counts.
    ///
    /// Nobody receives anything before they [subscribe](Self::subscribe).
    ///
    /// # Errors
    /// [`Refusal`]; nothing has changed then.
    pub fn join(
        &mut self,
        now: Instant,
        room: RoomId,
        participant: ParticipantId,
        offer: &ParticipantOffer,
        rng: &mut impl CryptoRng,
    ) -> Result<ParticipantAnswer, Refusal> {
        offer.check()?;
        let before = self.admit(room, participant)?;
        let config = &self.shared.config;
        let serial = self.serial + 1;
        let (member, slots) =
            Member::new(now, participant, serial, offer, &self.certificate, config, rng)?;
        // Nothing is refused from here on.
        self.forward_taken();
        self.serial = serial;
        if let Some(seat) = before {
            self.take_out(now, seat, GoneReason::Replaced);
        }
        let seat = self.seat(room, member);
        let key = ParticipantKey { serial, seat };
        let present = self.introduce(key, participant, before.is_some());
        self.drive_handshake(now, seat);
        self.hurry_room(now, seat);
        let member = self.member_mut(seat).ok_or(Refusal::Internal)?;
        let (ufrag, password) =
            (member.credentials.ufrag().to_owned(), member.credentials.password_copy());
        let fingerprint = self.certificate.fingerprint();
        Ok(ParticipantAnswer { key, ufrag, password, fingerprint, slots, present })
    }

    /// Has a participant receive these media from now on, in place of what it received before. A wish for somebody who is not here waits for
    /// them; one for a slot that was not offered, for the slot's other medium, for oneself or for what an earlier slot of the offer carries
    /// does nothing.
    ///
    /// # Errors
    /// [`Error::NoSuchParticipant`].
    pub fn subscribe(
        &mut self,
        now: Instant,
        key: ParticipantKey,
        wishes: &[Wish],
    ) -> Result<(), Error> {
        let seat = self.seat_of(key)?;
        self.forward_taken();
        if let Some(room) = self.rooms.get_mut(seat.room).and_then(Option::as_mut) {
            room.subscribe(seat.place, wishes);
        }
        if let Some(member) = self.member_mut(seat).filter(|member| member.is_established()) {
            (member.allocation_due, member.due) = (now, now);
            self.shared.wake_by(now);
        }
        self.hurry_room(now, seat);
        Ok(())
    }

    /// A participant leaves its room, and the others hear of it.
    ///
    /// # Errors
    /// [`Error::NoSuchParticipant`].
    pub fn leave(&mut self, now: Instant, key: ParticipantKey) -> Result<(), Error> {
        let seat = self.seat_of(key)?;
        self.remove(now, seat, GoneReason::Left);
        Ok(())
    }

    /// Lets nobody in any more and tells everybody to go elsewhere; whoever is still here when `within` is over is cut off.
    pub fn drain(&mut self, now: Instant, within: Duration) {
        let until = now + within;
        self.drains_until = Some(self.drains_until.map_or(until, |before| before.min(until)));
        self.shared.wake_by(until);
        let everybody: Vec<_> = self
            .rooms
            .iter()
            .flatten()
            .flat_map(|room| room.people().map(|(key, _)| key))
            .collect();
        for key in everybody {
            self.shared.tell(key, Notice::Draining { within });
        }
    }

    /// Takes a member out of its room, and tells those who remain.
    pub(super) fn remove(&mut self, now: Instant, seat: Seat, reason: GoneReason) {
        self.take_out(now, seat, reason);
        let room = self.rooms.get_mut(seat.room);
        if let Some(room) = room.and_then(|room| room.take_if(|room| room.len() == 0)) {
            self.room_ids.remove(&room.id);
        }
    }

    /// Where the participant sits already, if it does.
    fn admit(&self, id: RoomId, participant: ParticipantId) -> Result<Option<Seat>, Refusal> {
        if self.drains_until.is_some() {
            return Err(Refusal::Draining);
        }
        let Some(at) = self.room_ids.get(&id).copied() else {
            let is_full = self.room_ids.len() >= self.shared.config.max_rooms;
            return if is_full { Err(Refusal::ServerFull) } else { Ok(None) };
        };
        let room = self.rooms.get(at).and_then(Option::as_ref).ok_or(Refusal::Internal)?;
        let place = room.place_of(participant);
        if place.is_none() && room.len() >= self.shared.config.max_participants {
            return Err(Refusal::RoomFull);
        }
        Ok(place.map(|place| Seat { room: at, place }))
    }

    /// Gives a member a place in the room, which is made if need be.
    fn seat(&mut self, id: RoomId, member: Member) -> Seat {
        let at = self.room_ids.get(&id).copied().unwrap_or_else(|| self.make_room(id));
        let room = self.rooms.get_mut(at).and_then(Option::as_mut);
        let seat = Seat { room: at, place: room.as_ref().map_or(0, |room| room.free_place()) };
        if let Ok(ufrag) = <[u8; UFRAG_LEN]>::try_from(member.credentials.ufrag().as_bytes()) {
            self.shared.ufrags.insert(ufrag, seat);
        }
        if let Some(room) = room {
            room.seat(member);
        }
        seat
    }

    fn make_room(&mut self, id: RoomId) -> usize {
        let at = self.rooms.iter().position(Option::is_none).unwrap_or(self.rooms.len());
        let room = Some(Room::new(id, at));
        match self.rooms.get_mut(at) {
            Some(place) => *place = room,
            None => self.rooms.push(room),
        }
        self.room_ids.insert(id, at);
        at
    }

    /// Tells the others of a newcomer, unless they know it, and returns who they are.
    fn introduce(
        &mut self,
        key: ParticipantKey,
        participant: ParticipantId,
        is_known: bool,
    ) -> Vec<ParticipantId> {
        let room = self.rooms.get(key.seat.room).and_then(Option::as_ref);
        let others = room.into_iter().flat_map(Room::people).filter(|(other, _)| *other != key);
        let others: Vec<_> = others.collect();
        for (other, _) in others.iter().filter(|_| !is_known) {
            self.shared.tell(*other, Notice::Arrived(participant));
        }
        others.into_iter().map(|(_, id)| id).collect()
    }

    /// Takes a member out; an empty room stays, since somebody may come in at once.
    fn take_out(&mut self, now: Instant, seat: Seat, reason: GoneReason) {
        self.forward_taken();
        let Some(room) = self.rooms.get_mut(seat.room).and_then(Option::as_mut) else { return };
        let Some(mut member) = room.unseat(seat.place) else { return };
        if let Ok(ufrag) = <[u8; UFRAG_LEN]>::try_from(member.credentials.ufrag().as_bytes()) {
            self.shared.ufrags.remove(&ufrag);
        }
        for path in member.paths.iter() {
            self.shared.addresses.release(path.remote, member.serial);
        }
        if reason == GoneReason::Left {
            member.transport.close(now);
            member.transport.drain(&mut self.shared.answers);
        }
        let gone = Notice::Gone { participant: member.id, reason };
        self.shared.tell(ParticipantKey { serial: member.serial, seat }, gone.clone());
        if reason != GoneReason::Replaced {
            for (other, _) in room.people() {
                self.shared.tell(other, gone.clone());
            }
        }
        room.hurry(now, &mut self.shared);
    }

    /// Who is in a room and what they wish for has changed what others carry.
    fn hurry_room(&mut self, now: Instant, seat: Seat) {
        if let Some(room) = self.rooms.get_mut(seat.room).and_then(Option::as_mut) {
            room.hurry(now, &mut self.shared);
        }
    }
}
