use zentalk_primitives::Instant;

use super::Sfu;
use crate::GoneReason;
use crate::key::Seat;
use crate::room::Room;

impl Sfu {
    /// When [`handle_timeout`](Self::handle_timeout) is due; none while nobody is here.
    pub fn next_timeout(&self) -> Option<Instant> {
        self.shared.wake
    }

    /// Does what is due: handshakes, feedback, reports, choices of layers, and the end of those who have fallen silent.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.shared.wake.is_none_or(|wake| wake > now) {
            return;
        }
        self.forward_taken();
        self.shared.wake = None;
        let is_over = self.drains_until.is_some_and(|until| until <= now);
        for room in 0..self.rooms.len() {
            let places = self.rooms.get(room).and_then(Option::as_ref).map(Room::places);
            for place in places.unwrap_or_default() {
                let seat = Seat { room, place };
                if is_over {
                    self.remove(now, seat, GoneReason::Left);
                } else {
                    self.tend(now, seat);
                }
            }
        }
        if let Some(until) = self.drains_until.filter(|_| !is_over) {
            self.shared.wake_by(until);
        }
    }

    /// Does what is due for one member.
    fn tend(&mut self, now: Instant, seat: Seat) {
        let silence = self.shared.config.silence;
        let Some(member) = self.member_mut(seat) else { return };
        if member.due > now {
            let due = member.due;
            return self.shared.wake_by(due);
        }
        if member.is_silent(now, silence) {
            return self.remove(now, seat, GoneReason::Silent);
        }
        let is_established = member.is_established();
        let is_handshake_due = member.transport.due().is_some_and(|due| due <= now);
        if is_handshake_due {
            member.transport.handle_timeout(now);
        }
        if is_established && let Some(room) = self.rooms.get_mut(seat.room).and_then(Option::as_mut)
        {
            room.keep_up(now, seat.place, &mut self.shared);
        }
        if is_handshake_due {
            self.drive_handshake(now, seat);
        } else {
            self.schedule(now, seat);
        }
    }
}
