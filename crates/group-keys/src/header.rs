use crate::Error;

/// The SFrame header: which key, and the how manieth frame under it (RFC 9605 §4.3).
///
/// One byte of flags and lengths, then the key id and the counter in as few bytes as they need; values
/// below 8 stand in the first byte itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SframeHeader {
    /// The key id (KID).
    pub kid: u64,
    /// The counter (CTR).
    pub counter: u64,
}

impl SframeHeader {
    /// Reads the header at the start of `bytes`; returns it with its length.
    ///
    /// # Errors
    /// [`Error::Malformed`] if it is cut short, or not in the shortest form, which RFC 9605 §4.3 has
    /// senders use: every pair of values has one encoding.
    pub fn decode(bytes: &[u8]) -> Result<(Self, usize), Error> {
        let (&config, rest) = bytes.split_first().ok_or(Error::Malformed)?;
        let (kid, after_kid) = decode_value(config >> 4, rest)?;
        let (counter, after_counter) = decode_value(config & 0x0f, after_kid)?;
        Ok((Self { kid, counter }, bytes.len() - after_counter.len()))
    }

    /// Appends the header to `out`.
    pub fn encode(self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.to_bytes().as_slice());
    }

    pub(crate) fn to_bytes(self) -> HeaderBytes {
        let mut bytes = HeaderBytes { buf: [0; MAX_HEADER_LEN + SLACK], len: 1 };
        let config = bytes.push(self.kid) << 4 | bytes.push(self.counter);
        bytes.buf[0] = config;
        bytes
    }
}

/// An encoded header.
pub(crate) struct HeaderBytes {
    buf: [u8; MAX_HEADER_LEN + SLACK],
    len: usize,
}

impl HeaderBytes {
    pub(crate) fn as_slice(&self) -> &[u8] {
        self.buf.get(..self.len).unwrap_or_default()
    }

    /// Appends `value` unless it fits the first byte; returns its four bits for there.
    fn push(&mut self, value: u64) -> u8 {
        if value < 8 {
            return value as u8;
        }
        let len = 8 - value.leading_zeros() as usize / 8;
        // All eight bytes at once, those that count first: what follows is overwritten or cut off.
        let shifted = value << (64 - 8 * len);
        if let Some(room) = self.buf.get_mut(self.len..self.len + 8) {
            room.copy_from_slice(&shifted.to_be_bytes());
        }
        self.len += len;
        EXTENDED | (len - 1) as u8
    }
}

/// Reads a value whose four bits in the first byte are `bits`; returns it and what follows.
fn decode_value(bits: u8, bytes: &[u8]) -> Result<(u64, &[u8]), Error> {
    if bits & EXTENDED == 0 {
        return Ok((u64::from(bits), bytes));
    }
    let len = usize::from(bits & !EXTENDED) + 1;
    let (value, rest) = bytes.split_at_checked(len).ok_or(Error::Malformed)?;
    let shortest = value.first().is_some_and(|first| *first != 0);
    let value = value.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
    if shortest && value >= 8 { Ok((value, rest)) } else { Err(Error::Malformed) }
}

/// The flag (X or Y) of a value that does not fit the first byte.
const EXTENDED: u8 = 0x08;

/// The longest header: both values with eight bytes.
pub const MAX_HEADER_LEN: usize = 1 + 8 + 8;

/// How far a value's eight bytes reach beyond the longest header.
const SLACK: usize = 7;

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;

    fn encoded(kid: u64, counter: u64) -> Vec<u8> {
        let mut out = Vec::new();
        SframeHeader { kid, counter }.encode(&mut out);
        out
    }

    /// RFC 9605 Appendix C.1, the rows that mix all lengths.
    #[test]
    fn headers_are_those_of_rfc_9605() {
        for (kid, counter, expected) in [
            (0, 0, &[0x00][..]),
            (0, 1, &[0x01]),
            (0, 0xff, &[0x08, 0xff]),
            (0, 0x100, &[0x09, 0x01, 0x00]),
            (0, u64::MAX, &[0x0f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
            (1, 0xffff_ffff, &[0x1b, 0xff, 0xff, 0xff, 0xff]),
            (0xff, 0, &[0x80, 0xff]),
            (0xff, 0x1_0000, &[0x8a, 0xff, 0x01, 0x00, 0x00]),
            (0x100, 1, &[0x91, 0x01, 0x00]),
            (0xffff, 0xffff, &[0x99, 0xff, 0xff, 0xff, 0xff]),
            (0x0123, 0x4567, &[0x99, 0x01, 0x23, 0x45, 0x67]),
            (u64::MAX, u64::MAX, &[0xff; MAX_HEADER_LEN]),
        ] {
            assert_eq!(encoded(kid, counter), expected);
            let (header, len) = SframeHeader::decode(expected).unwrap();
            assert_eq!((header.kid, header.counter, len), (kid, counter, expected.len()));
        }
    }

    #[test]
    fn values_below_eight_stand_in_the_first_byte() {
        for value in 0..16 {
            let len = if value < 8 { 1 } else { 2 };
            assert_eq!((encoded(value, 0).len(), encoded(0, value).len()), (len, len));
        }
    }

    /// RFC 9605 §4.3.
    #[test]
    fn longer_forms_than_needed_are_refused() {
        for bytes in [&[0x80, 7][..], &[0x08, 0], &[0x90, 0, 9], &[0x09, 0, 0xff], &[0x8f, 0, 9]] {
            assert_eq!(SframeHeader::decode(bytes), Err(Error::Malformed), "{bytes:02x?}");
        }
    }

    #[test]
    fn headers_cut_short_are_refused() {
        let whole = encoded(u64::MAX, u64::MAX);
        for len in 0..whole.len() {
            assert_eq!(SframeHeader::decode(&whole[..len]), Err(Error::Malformed));
        }
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_decoded(kid: u64, counter: u64, shift in 0_u32..64) {
            let header = SframeHeader { kid: kid >> shift, counter: counter >> (63 - shift) };
            let bytes = header.to_bytes();
            prop_assert_eq!(SframeHeader::decode(bytes.as_slice()), Ok((header, bytes.len)));
        }

        #[test]
        fn what_was_decoded_is_encoded_to_the_same_bytes(
            bytes in proptest::collection::vec(any::<u8>(), 0..20),
        ) {
            if let Ok((header, len)) = SframeHeader::decode(&bytes) {
                let again = header.to_bytes();
                prop_assert_eq!(again.as_slice(), &bytes[..len]);
            }
        }
    }
}
