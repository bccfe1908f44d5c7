/// `HandshakeType` of a `ClientHello` (RFC 6347 §4.3.2).
pub(crate) const CLIENT_HELLO: u8 = 1;
/// `HandshakeType` of a `ServerHello`, which in DTLS 1.3 is also that of a `HelloRetryRequest`.
pub(crate) const SERVER_HELLO: u8 = 2;
/// `HandshakeType` of a `HelloVerifyRequest`.
pub(crate) const HELLO_VERIFY_REQUEST: u8 = 3;

/// A handshake message or a fragment of one (RFC 6347 §4.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fragment<'a> {
    /// `HandshakeType`.
    pub(crate) message_type: u8,
    /// The length of the whole message's body, in bytes.
    pub(crate) length: usize,
    /// The message's number.
    pub(crate) message_seq: u16,
    /// Where in the message's body this part begins, in bytes.
    pub(crate) offset: usize,
    /// This part of the message's body.
    pub(crate) body: &'a [u8],
}

impl<'a> Fragment<'a> {
    /// The message's header in front of each fragment.
    pub(crate) const HEADER_LEN: usize = HEADER_LEN;

    /// Reads one. `None` if it is truncated or reaches beyond its message.
    fn parse(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (header, rest) = bytes.split_first_chunk::<HEADER_LEN>()?;
        let [message_type, l0, l1, l2, s0, s1, o0, o1, o2, f0, f1, f2] = *header;
        let (body, rest) = rest.split_at_checked(u24([f0, f1, f2]))?;
        let (length, offset) = (u24([l0, l1, l2]), u24([o0, o1, o2]));
        let fragment =
            Self { message_type, length, message_seq: u16::from_be_bytes([s0, s1]), offset, body };
        (offset + body.len() <= length).then_some((fragment, rest))
    }

    /// Whether it is the whole message.
    pub(crate) const fn is_whole(&self) -> bool {
        self.body.len() == self.length
    }

    /// Writes it. Lengths fit into 24 bits because they were read from there.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.push(self.message_type);
        push_u24(self.length, out);
        out.extend_from_slice(&self.message_seq.to_be_bytes());
        push_u24(self.offset, out);
        push_u24(self.body.len(), out);
        out.extend_from_slice(self.body);
    }
}

/// The messages and fragments in the body of a plaintext record; ends early at the first that is malformed.
pub(crate) fn fragments(body: &[u8]) -> impl Iterator<Item = Fragment<'_>> {
    let mut left = body;
    core::iter::from_fn(move || {
        let (fragment, rest) = Fragment::parse(left)?;
        left = rest;
        Some(fragment)
    })
}

const HEADER_LEN: usize = 12;

fn u24([high, middle, low]: [u8; 3]) -> usize {
    usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low)
}

fn push_u24(value: usize, out: &mut Vec<u8>) {
    let [.., high, middle, low] = value.to_be_bytes();
    out.extend_from_slice(&[high, middle, low]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_fragment_beyond_its_message_is_refused() {
        let good = [1, 0, 0, 4, 0, 0, 0, 0, 2, 0, 0, 2, 0xaa, 0xbb];
        assert_eq!(fragments(&good).count(), 1);
        let mut beyond = good;
        beyond[8] = 3;
        assert_eq!(fragments(&beyond).count(), 0);
    }

    #[test]
    fn a_truncated_fragment_is_refused() {
        let good = [1, 0, 0, 4, 0, 0, 0, 0, 2, 0, 0, 2, 0xaa, 0xbb];
        for length in 0..good.len() {
            assert_eq!(fragments(&good[..length]).count(), 0);
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_back(bytes in proptest::collection::vec(0u8..4, 0..80)) {
            let mut written = Vec::new();
            fragments(&bytes).for_each(|fragment| fragment.write(&mut written));
            prop_assert!(bytes.starts_with(&written));
        }
    }
}
