use super::{FINGERPRINT_XOR, HEADER_LEN, MAGIC_COOKIE, attribute};

/// A STUN message whose form holds (RFC 8489 §5). Nothing of it is authentic.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message<'a> {
    bytes: &'a [u8],
    pub(super) transaction: &'a [u8; 12],
}

/// A MESSAGE-INTEGRITY and what it covers (RFC 8489 §14.5).
#[derive(Clone, Copy, Debug)]
pub(super) struct Signature<'a> {
    /// The message up to it.
    pub(super) signed: &'a [u8],
    pub(super) mac: &'a [u8; 20],
}

impl<'a> Message<'a> {
    /// Reads `datagram`; `None` unless it is a message of one of these types that ends with a FINGERPRINT that fits (§14.7).
    pub(super) fn read(datagram: &'a [u8], types: &[u16]) -> Option<Self> {
        let (header, _) = datagram.split_first_chunk::<HEADER_LEN>()?;
        let [t0, t1, l0, l1, c0, c1, c2, c3, ..] = *header;
        let len = usize::from(u16::from_be_bytes([l0, l1]));
        let fits = types.contains(&u16::from_be_bytes([t0, t1]))
            && [c0, c1, c2, c3] == MAGIC_COOKIE
            && len.is_multiple_of(4)
            && HEADER_LEN + len == datagram.len()
            && has_fingerprint(datagram);
        fits.then_some(Self { bytes: datagram, transaction: header.last_chunk()? })
    }

    /// Shows the attributes up to MESSAGE-INTEGRITY, which is returned: what stands behind it is not covered by it, and not looked at. `None`
    /// if an attribute overruns the message or there is no integrity.
    pub(super) fn attributes(&self, mut each: impl FnMut(u16, &'a [u8])) -> Option<Signature<'a>> {
        let mut at = HEADER_LEN;
        loop {
            let ([t0, t1, l0, l1], rest) = self.bytes.get(at..)?.split_first_chunk()?;
            let len = usize::from(u16::from_be_bytes([*l0, *l1]));
            let value = rest.get(..len)?;
            match u16::from_be_bytes([*t0, *t1]) {
                attribute::MESSAGE_INTEGRITY => {
                    let (signed, mac) = (self.bytes.get(..at)?, value.try_into().ok()?);
                    return Some(Signature { signed, mac });
                }
                kind => each(kind, value),
            }
            at += 4 + len.next_multiple_of(4);
        }
    }
}

/// Whether `message` ends with a FINGERPRINT that fits.
fn has_fingerprint(message: &[u8]) -> bool {
    let Some((covered, end)) = message.split_last_chunk::<8>() else { return false };
    let [t0, t1, l0, l1, value @ ..] = end;
    let is_one = u16::from_be_bytes([*t0, *t1]) == attribute::FINGERPRINT
        && u16::from_be_bytes([*l0, *l1]) == 4;
    is_one && u32::from_be_bytes(*value) == crc32fast::hash(covered) ^ FINGERPRINT_XOR
}
