use std::collections::BTreeMap;

use arbitrary::{Arbitrary, Unstructured};

use crate::limits::{MAX_PARTIAL_MESSAGES, MAX_PLAINTEXT_MESSAGE_LEN, MAX_PLAINTEXT_MESSAGE_SEQ};
use crate::reassembly::Reassembler;
use crate::wire::Fragment;

/// The most fragments of one input.
const MAX_OPS: usize = 256;

/// One fragment.
#[derive(Arbitrary, Debug)]
struct Op {
    /// Mostly of the few numbers that occur.
    message_seq: u8,
    message_type: bool,
    /// Small, or near the bound.
    length: u16,
    offset: u16,
    body: Vec<u8>,
}

/// Reassembly (RFC 6347 §4.2.3) beside one that keeps a place for each byte and thinks of nothing else.
pub fn ops_reassembly(data: &[u8]) {
    let Ok(ops) = Vec::<Op>::arbitrary_take_rest(Unstructured::new(data)) else { return };
    let mut reassembler = Reassembler::default();
    let mut model = Model::default();
    for op in ops.iter().take(MAX_OPS) {
        let length = usize::from(op.length % (MAX_PLAINTEXT_MESSAGE_LEN as u16 + 2));
        let offset = usize::from(op.offset).min(length);
        let fragment = Fragment {
            message_type: u8::from(op.message_type),
            length,
            message_seq: u16::from(op.message_seq % (MAX_PLAINTEXT_MESSAGE_SEQ as u8 + 3)),
            offset,
            body: &op.body[..op.body.len().min(length - offset)],
        };
        assert_eq!(reassembler.insert(&fragment), model.insert(&fragment));
        assert!(reassembler.partial_messages() <= MAX_PARTIAL_MESSAGES);
        assert_eq!(reassembler.partial_messages(), model.0.len());
    }
}

#[derive(Default)]
struct Model(BTreeMap<u16, (u8, Vec<Option<u8>>)>);

impl Model {
    fn insert(&mut self, fragment: &Fragment<'_>) -> Option<Vec<u8>> {
        let seq = fragment.message_seq;
        if fragment.length > MAX_PLAINTEXT_MESSAGE_LEN || seq > MAX_PLAINTEXT_MESSAGE_SEQ {
            return None;
        }
        if !self.0.contains_key(&seq) && self.0.len() == MAX_PARTIAL_MESSAGES {
            let latest = *self.0.keys().max().expect("it is full");
            if latest < seq {
                return None;
            }
            self.0.remove(&latest);
        }
        let fresh = (fragment.message_type, vec![None; fragment.length]);
        let kept = self.0.entry(seq).or_insert_with(|| fresh.clone());
        if (kept.0, kept.1.len()) != (fragment.message_type, fragment.length) {
            *kept = fresh;
        }
        for (at, byte) in (fragment.offset..).zip(fragment.body) {
            kept.1[at].get_or_insert(*byte);
        }
        let whole: Option<Vec<u8>> = kept.1.iter().copied().collect();
        if whole.is_some() {
            self.0.remove(&seq);
        }
        whole
    }
}
