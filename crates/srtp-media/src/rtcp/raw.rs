use crate::WireError;

/// One packet of a compound, its common header read and its padding removed (RFC 3550 §6.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawPacket<'a> {
    packet_type: u8,
    count: u8,
    wire_len: usize,
    body: &'a [u8],
}

impl<'a> RawPacket<'a> {
    /// Splits the first packet off `bytes`.
    ///
    /// # Errors
    /// [`WireError::Truncated`] if the length field points beyond `bytes`; [`WireError::Version`];
    /// [`WireError::Padding`] if the padding count is zero, no multiple of four or larger than the body.
    pub fn split(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), WireError> {
        let ([first, packet_type, l0, l1], rest) =
            bytes.split_first_chunk().ok_or(WireError::Truncated)?;
        if first >> 6 != 2 {
            return Err(WireError::Version);
        }
        let len = usize::from(u16::from_be_bytes([*l0, *l1])) * 4;
        let (body, rest) = rest.split_at_checked(len).ok_or(WireError::Truncated)?;
        let body = if first & 0x20 != 0 { strip_padding(body)? } else { body };
        let packet =
            Self { packet_type: *packet_type, count: first & 0x1f, wire_len: 4 + len, body };
        Ok((packet, rest))
    }

    /// The packet type, see [`packet_type`](super::packet_type).
    pub fn packet_type(&self) -> u8 {
        self.packet_type
    }

    /// The five bits beside the version: a count, a feedback type or a subtype, by packet type.
    pub fn count(&self) -> u8 {
        self.count
    }

    /// The length on the wire in bytes, header and padding included.
    pub fn wire_len(&self) -> usize {
        self.wire_len
    }

    /// What follows the common header, padding removed; a multiple of four bytes.
    pub fn body(&self) -> &'a [u8] {
        self.body
    }
}

/// The packets of a checked compound, untyped.
#[derive(Clone, Debug)]
pub struct RawPackets<'a>(pub(super) &'a [u8]);

impl<'a> Iterator for RawPackets<'a> {
    type Item = RawPacket<'a>;

    fn next(&mut self) -> Option<RawPacket<'a>> {
        let (packet, rest) = RawPacket::split(self.0).ok()?;
        self.0 = rest;
        Some(packet)
    }
}

/// Removes the padding, whose last byte counts it: a multiple of four (RFC 3550 §6.4.1).
fn strip_padding(body: &[u8]) -> Result<&[u8], WireError> {
    let padding_len = usize::from(*body.last().ok_or(WireError::Padding)?);
    if padding_len == 0 || !padding_len.is_multiple_of(4) {
        return Err(WireError::Padding);
    }
    let len = body.len().checked_sub(padding_len).ok_or(WireError::Padding)?;
    body.get(..len).ok_or(WireError::Padding)
}

/// Reads a big-endian `u32` off the front.
pub(super) fn split_u32(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (word, rest) = bytes.split_first_chunk()?;
    Some((u32::from_be_bytes(*word), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_counts_words_minus_one() {
        let (packet, rest) = RawPacket::split(&[0x81, 204, 0, 1, 1, 2, 3, 4, 9]).unwrap();
        assert_eq!((packet.packet_type(), packet.count(), packet.wire_len()), (204, 1, 8));
        assert_eq!((packet.body(), rest), (&[1, 2, 3, 4][..], &[9][..]));
    }

    // RFC 3550 §6.4.1
    #[test]
    fn padding_is_a_multiple_of_four_within_the_body() {
        let parse = |last: u8| {
            RawPacket::split(&[0xa0, 204, 0, 2, 1, 2, 3, 4, 0, 0, 0, last])
                .map(|(packet, _)| packet.body().len())
        };
        assert_eq!(parse(4), Ok(4));
        assert_eq!(parse(8), Ok(0));
        for bad in [0, 1, 2, 3, 5, 12, 255] {
            assert_eq!(parse(bad), Err(WireError::Padding));
        }
        assert_eq!(RawPacket::split(&[0xa0, 204, 0, 0]), Err(WireError::Padding));
    }
}
