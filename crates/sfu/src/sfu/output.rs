use super::Sfu;
use crate::key::Seat;
use crate::{Burst, SfuEvent};

impl Sfu {
    /// What a control channel must say next.
    pub fn poll_event(&mut self) -> Option<SfuEvent> {
        self.shared.events.pop_front()
    }

    /// The next datagrams to send. What the socket does not take is lost, as on any path.
    pub fn poll_burst(&mut self) -> Option<Burst<'_>> {
        if !self.shared.answers.is_empty() {
            return self.shared.answers.pop();
        }
        let seat = self.next_pending()?;
        self.member_mut(seat)?.outbound.outbox.pop()
    }

    /// A member in whose outbox something waits. Where nothing does, what was taken goes to one more receiver: what is written for it leaves
    /// before the next one's is written, and is still in the processor's caches then.
    fn next_pending(&mut self) -> Option<Seat> {
        loop {
            while let Some(seat) = self.shared.pending.front().copied() {
                let room = self.rooms.get_mut(seat.room).and_then(Option::as_mut);
                if let Some(member) = room.and_then(|room| room.member_mut(seat.place)) {
                    if !member.outbound.outbox.is_empty() {
                        return Some(seat);
                    }
                    member.is_pending = false;
                    member.outbound.outbox.return_to(&mut self.shared.spare);
                }
                self.shared.pending.pop_front();
            }
            if !self.forward_to_next() {
                return None;
            }
        }
    }
}
