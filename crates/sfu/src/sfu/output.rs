use super::Sfu;
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
        while let Some(seat) = self.shared.pending.front().copied() {
            let Some(member) = self.member_mut(seat) else {
                self.shared.pending.pop_front();
                continue;
            };
            if member.outbound.outbox.is_empty() {
                member.is_pending = false;
                self.shared.pending.pop_front();
            } else {
                break;
            }
        }
        let seat = self.shared.pending.front().copied()?;
        self.member_mut(seat)?.outbound.outbox.pop()
    }
}
