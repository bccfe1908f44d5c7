//! What the slots carry, as the server says.

use std::collections::BTreeMap;

use zentalk_primitives::ParticipantId;
use zentalk_session_description::SfuAgreed;
use zentalk_sfu_control::Slot;

/// Whose media each slot carries. Only slots that were agreed on: a server may name any, and as many as it likes.
#[derive(Default)]
pub(in crate::engine::group) struct Carried(BTreeMap<String, Option<ParticipantId>>);

impl Carried {
    /// The slots that there are, all empty.
    pub(super) fn agreed(agreed: &SfuAgreed) -> Self {
        Self(agreed.slots.iter().map(|slot| (slot.mid.clone(), None)).collect())
    }

    /// Takes the server's word about one slot.
    pub(super) fn fill(&mut self, slot: &Slot) {
        if let Some(carried) = self.0.get_mut(&slot.mid) {
            *carried = slot.participant;
        }
    }

    /// Whom the server says a slot carries.
    pub(in crate::engine::group) fn by(&self, mid: &str) -> Option<ParticipantId> {
        self.0.get(mid).copied().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(mid: &str, who: Option<u8>) -> Slot {
        let participant = who.map(|number| ParticipantId::from_bytes([number; 16]));
        Slot { mid: mid.to_owned(), participant, layer: None }
    }

    #[test]
    fn slots_that_the_server_invents_take_no_memory() {
        let mut carried = Carried(BTreeMap::from([("2".to_owned(), None), ("3".to_owned(), None)]));
        for number in 0..10_000 {
            carried.fill(&slot(&number.to_string(), Some(7)));
        }
        assert_eq!(carried.0.len(), 2);
        assert_eq!(carried.by("2"), Some(ParticipantId::from_bytes([7; 16])));
        assert_eq!(carried.by("4"), None);
        carried.fill(&slot("2", None));
        assert_eq!((carried.by("2"), carried.0.len()), (None, 2));
    }
}
