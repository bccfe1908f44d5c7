use std::collections::VecDeque;

use zentalk_primitives::Transmit;

use crate::Event;
use crate::limits::MAX_QUEUED;

/// What waits for the caller: at most [`MAX_QUEUED`] of each kind.
#[derive(Default)]
pub(crate) struct Outbox {
    transmits: VecDeque<Transmit>,
    events: VecDeque<Event>,
}

impl Outbox {
    /// False if it was dropped because the caller does not drain.
    pub(crate) fn transmit(&mut self, transmit: Transmit) -> bool {
        let room = self.transmits.len() < MAX_QUEUED;
        if room {
            self.transmits.push_back(transmit);
        }
        room
    }

    pub(crate) fn event(&mut self, event: Event) {
        if self.events.len() < MAX_QUEUED {
            self.events.push_back(event);
        }
    }

    pub(crate) fn next_transmit(&mut self) -> Option<Transmit> {
        self.transmits.pop_front()
    }

    pub(crate) fn next_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }
}
