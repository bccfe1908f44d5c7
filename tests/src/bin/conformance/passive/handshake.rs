//! Handshake messages of DTLS 1.2, put together from their fragments (RFC 6347 §4.2).

use std::collections::BTreeMap;

use crate::case::Refusal;

/// A whole message.
#[derive(Clone)]
pub(crate) struct Message {
    pub(crate) message_type: u8,
    pub(crate) sequence: u16,
    pub(crate) body: Vec<u8>,
}

impl Message {
    /// As the Finished messages' hash has it: one fragment (RFC 6347 §4.2.6).
    pub(crate) fn hashed(&self) -> Vec<u8> {
        let len = &(self.body.len() as u32).to_be_bytes()[1..];
        let sequence = self.sequence.to_be_bytes();
        [&[self.message_type], len, &sequence, &[0; 3], len, &self.body].concat()
    }
}

/// The messages of one direction, while their fragments come in.
#[derive(Default)]
pub(crate) struct Handshake {
    partial: BTreeMap<u16, Partial>,
    done: BTreeMap<u16, ()>,
}

struct Partial {
    message_type: u8,
    body: Vec<u8>,
    seen: Vec<bool>,
}

impl Handshake {
    /// Takes in a record's fragments and returns the messages that are whole now.
    pub(crate) fn add(&mut self, mut bytes: &[u8]) -> Result<Vec<Message>, Refusal> {
        let mut whole = Vec::new();
        while !bytes.is_empty() {
            let (header, rest) = bytes.split_first_chunk::<12>().ok_or(Refusal::Rejected)?;
            let [message_type, l0, l1, l2, s0, s1, o0, o1, o2, n0, n1, n2] = *header;
            let number = |a, b, c| u32::from_be_bytes([0, a, b, c]) as usize;
            let (len, at, count) = (number(l0, l1, l2), number(o0, o1, o2), number(n0, n1, n2));
            let (fragment, rest) = rest.split_at_checked(count).ok_or(Refusal::Rejected)?;
            bytes = rest;
            let sequence = u16::from_be_bytes([s0, s1]);
            whole.extend(self.put(message_type, sequence, len, at, fragment)?);
        }
        Ok(whole)
    }

    fn put(
        &mut self,
        message_type: u8,
        sequence: u16,
        len: usize,
        at: usize,
        fragment: &[u8],
    ) -> Result<Option<Message>, Refusal> {
        if self.done.contains_key(&sequence) {
            return Ok(None);
        }
        let partial = self.partial.entry(sequence).or_insert_with(|| Partial {
            message_type,
            body: vec![0; len],
            seen: vec![false; len],
        });
        let range = at..at + fragment.len();
        partial.body.get_mut(range.clone()).ok_or(Refusal::Rejected)?.copy_from_slice(fragment);
        partial.seen.get_mut(range).ok_or(Refusal::Rejected)?.fill(true);
        if partial.message_type != message_type || partial.body.len() != len {
            return Err(Refusal::Rejected);
        }
        if !partial.seen.iter().all(|seen| *seen) {
            return Ok(None);
        }
        self.done.insert(sequence, ());
        let whole = self.partial.remove(&sequence);
        Ok(whole.map(|partial| Message { message_type, sequence, body: partial.body }))
    }
}
