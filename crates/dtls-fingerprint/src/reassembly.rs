use std::collections::BTreeMap;

use crate::wire::Fragment;

/// The longest handshake message that is put together from plaintext fragments, in bytes.
///
/// Chromium's `ClientHello` with a post-quantum key share has about 1,400, a self-signed certificate 300 to 1,500.
pub const MAX_PLAINTEXT_MESSAGE_LEN: usize = 15 * 1_024;

/// How many handshake messages may be incomplete at a time.
pub const MAX_PARTIAL_MESSAGES: usize = 4;

/// The highest number of a handshake message that can occur in the clear: DTLS 1.2's longest flight ends far below.
pub const MAX_PLAINTEXT_MESSAGE_SEQ: u16 = 15;

/// Puts plaintext handshake messages together from fragments in any order, size and overlap, in bounded memory.
///
/// `dimpl` could do so itself, but it queues fragments as they come: thirty that do not complete a message end its session. A message that
/// is completed here reaches it in one piece. Nothing here is authenticated yet: that is what `Finished` is for, over the whole messages.
#[derive(Debug, Default)]
pub(crate) struct Reassembler {
    partial: BTreeMap<u16, Partial>,
}

impl Reassembler {
    /// Takes a fragment; gives the message's body if this completes it.
    pub(crate) fn insert(&mut self, fragment: &Fragment<'_>) -> Option<Vec<u8>> {
        if fragment.length > MAX_PLAINTEXT_MESSAGE_LEN
            || fragment.message_seq > MAX_PLAINTEXT_MESSAGE_SEQ
        {
            return None;
        }
        self.make_room(fragment.message_seq)?;
        let fresh = || Partial::new(fragment.message_type, fragment.length);
        let partial = self.partial.entry(fragment.message_seq).or_insert_with(fresh);
        // The newest wins: what a forged fragment has begun must not stand in the way of the true message.
        if (partial.message_type, partial.body.len()) != (fragment.message_type, fragment.length) {
            *partial = fresh();
        }
        partial.fill(fragment.offset, fragment.body);
        if partial.missing > 0 {
            return None;
        }
        self.partial.remove(&fragment.message_seq).map(|partial| partial.body)
    }

    /// How many messages are incomplete.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn partial_messages(&self) -> usize {
        self.partial.len()
    }

    /// Makes room for the message with this number, at the cost of the latest one. `None` if this is the latest itself.
    fn make_room(&mut self, message_seq: u16) -> Option<()> {
        if self.partial.len() < MAX_PARTIAL_MESSAGES || self.partial.contains_key(&message_seq) {
            return Some(());
        }
        self.partial.last_entry().filter(|latest| *latest.key() > message_seq).map(|latest| {
            latest.remove();
        })
    }
}

/// A message of which some bytes are there.
#[derive(Debug)]
struct Partial {
    message_type: u8,
    body: Vec<u8>,
    present: Vec<bool>,
    missing: usize,
}

impl Partial {
    fn new(message_type: u8, length: usize) -> Self {
        Self { message_type, body: vec![0; length], present: vec![false; length], missing: length }
    }

    /// The first copy of each byte stays: later ones, if they are honest, are the same.
    fn fill(&mut self, offset: usize, bytes: &[u8]) {
        let body = self.body.get_mut(offset..).unwrap_or_default().iter_mut();
        let places = body.zip(self.present.get_mut(offset..).unwrap_or_default());
        for ((place, present), byte) in places.zip(bytes).filter(|((_, present), _)| !**present) {
            *place = *byte;
            *present = true;
            self.missing -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fragment(message_seq: u16, length: usize, offset: usize, body: &[u8]) -> Fragment<'_> {
        Fragment { message_type: 1, length, message_seq, offset, body }
    }

    #[test]
    fn single_bytes_in_descending_order_make_the_message() {
        let message: Vec<u8> = (0..200).collect();
        let mut reassembler = Reassembler::default();
        for offset in (1..200).rev() {
            assert_eq!(
                reassembler.insert(&fragment(0, 200, offset, &message[offset..=offset])),
                None
            );
        }
        assert_eq!(reassembler.insert(&fragment(0, 200, 0, &message[..1])), Some(message));
        assert!(reassembler.partial.is_empty());
    }

    #[test]
    fn partial_messages_are_bounded_and_the_earliest_stay() {
        let mut reassembler = Reassembler::default();
        for message_seq in (0..u16::MAX).rev() {
            reassembler.insert(&fragment(message_seq, MAX_PLAINTEXT_MESSAGE_LEN, 0, &[0]));
            assert!(reassembler.partial.len() <= MAX_PARTIAL_MESSAGES);
        }
        assert_eq!(reassembler.partial.keys().copied().collect::<Vec<_>>(), [0, 1, 2, 3]);
    }

    #[test]
    fn messages_too_long_are_not_begun() {
        let mut reassembler = Reassembler::default();
        assert_eq!(reassembler.insert(&fragment(0, MAX_PLAINTEXT_MESSAGE_LEN + 1, 0, &[0])), None);
        assert!(reassembler.partial.is_empty());
    }

    #[test]
    fn a_forged_beginning_does_not_block_the_true_message() {
        let mut reassembler = Reassembler::default();
        reassembler.insert(&fragment(0, 500, 0, &[9]));
        assert_eq!(reassembler.insert(&fragment(0, 4, 0, &[1, 2])), None);
        assert_eq!(reassembler.insert(&fragment(0, 4, 2, &[3, 4])), Some(vec![1, 2, 3, 4]));
    }

    proptest! {
        #[test]
        fn any_order_and_overlap_makes_the_same_message(
            message in proptest::collection::vec(any::<u8>(), 1..64),
            cuts in proptest::collection::vec((0usize..64, 1usize..64), 0..40),
        ) {
            let mut reassembler = Reassembler::default();
            let length = message.len();
            let mut complete = None;
            for (offset, len) in cuts {
                let body = message.get(offset..(offset + len).min(length)).unwrap_or_default();
                if let (None, Some(body)) = (&complete, Some(body).filter(|body| !body.is_empty())) {
                    complete = reassembler.insert(&fragment(3, length, offset, body));
                }
            }
            let complete = complete.or_else(|| reassembler.insert(&fragment(3, length, 0, &message)));
            prop_assert_eq!(complete, Some(message));
        }
    }
}
