use std::collections::VecDeque;

use zentalk_primitives::{CallId, RoomId};

/// The places in group calls that were offered to this side, the latest of them: an invitation to a place that was not offered
/// before is a new one, and rings even where the call has ended for this side.
#[derive(Default)]
pub(crate) struct Asked(VecDeque<Place>);

/// One call may have several rooms, one after the other: each time that it grows from two again.
type Place = (CallId, RoomId, u8);

/// As many as there are ended calls to mistake one for.
const MAX_REMEMBERED: usize = zentalk_call_fsm::MAX_REMEMBERED_CALLS;

impl Asked {
    /// Notes an invitation. Returns whether its place is a new one.
    pub(crate) fn note(&mut self, call: CallId, room: RoomId, index: u8) -> bool {
        let place = (call, room, index);
        if self.0.contains(&place) {
            return false;
        }
        if self.0.len() >= MAX_REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back(place);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: RoomId = RoomId::from_bytes([3; 16]);

    #[test]
    fn a_place_is_new_once() {
        let mut asked = Asked::default();
        let call = CallId::from_bytes([1; 16]);
        assert!(asked.note(call, ROOM, 1));
        assert!(!asked.note(call, ROOM, 1));
        assert!(asked.note(call, ROOM, 2));
        assert!(asked.note(CallId::from_bytes([2; 16]), ROOM, 1));
        assert!(asked.note(call, RoomId::from_bytes([4; 16]), 1), "the call has grown again");
    }

    #[test]
    fn it_remembers_a_bounded_number() {
        let mut asked = Asked::default();
        for number in 0..=MAX_REMEMBERED {
            let mut id = [0; 16];
            id[..8].copy_from_slice(&(number as u64).to_be_bytes());
            asked.note(CallId::from_bytes(id), ROOM, 0);
        }
        assert_eq!(asked.0.len(), MAX_REMEMBERED);
    }
}
