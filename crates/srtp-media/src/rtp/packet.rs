use super::{Extensions, FIXED_HEADER_LEN};
use crate::WireError;

/// A received RTP packet, checked and viewed in place (RFC 3550 §5.1).
///
/// [`RtpPacket::parse`] has checked that the header, the CSRC list, the extension block and the
/// padding lie inside the bytes; every accessor is then infallible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RtpPacket<'a> {
    fixed: Fixed,
    csrcs: Csrcs<'a>,
    extension_block: Option<(u16, &'a [u8])>,
    payload: &'a [u8],
    padding_len: u8,
}

impl<'a> RtpPacket<'a> {
    /// Views `bytes`, one whole datagram of plaintext RTP.
    ///
    /// # Errors
    /// [`WireError::Version`]; [`WireError::Truncated`] where the CSRC list or the extension block
    /// ends after the datagram; [`WireError::Padding`] where the padding count is zero or covers more
    /// than what follows the header.
    #[inline]
    pub fn parse(bytes: &'a [u8]) -> Result<Self, WireError> {
        let header = Header::parse(bytes)?;
        let (payload, padding_len) =
            if header.has_padding { strip_padding(header.rest)? } else { (header.rest, 0) };
        Ok(Self {
            fixed: header.fixed,
            csrcs: Csrcs(header.csrcs),
            extension_block: header.extension_block,
            payload,
            padding_len,
        })
    }

    /// The marker bit; its meaning is the payload format's (last packet of a video frame).
    pub fn marker(&self) -> bool {
        self.fixed.marker
    }

    /// The payload type, 0 to 127.
    pub fn payload_type(&self) -> u8 {
        self.fixed.payload_type
    }

    /// The sequence number, which wraps.
    pub fn sequence_number(&self) -> u16 {
        self.fixed.sequence_number
    }

    /// The timestamp in units of the payload's clock rate, which wraps.
    pub fn timestamp(&self) -> u32 {
        self.fixed.timestamp
    }

    /// The synchronisation source.
    pub fn ssrc(&self) -> u32 {
        self.fixed.ssrc
    }

    /// The contributing sources, at most 15.
    pub fn csrcs(&self) -> Csrcs<'a> {
        self.csrcs
    }

    /// The extension block as it stands: its "defined by profile" value and its data.
    pub fn extension_block(&self) -> Option<(u16, &'a [u8])> {
        self.extension_block
    }

    /// The elements of an RFC 8285 block; none if there is no block or it has another profile.
    ///
    /// An element that overruns the block ends the iteration; those before it stand.
    #[inline]
    pub fn extensions(&self) -> Extensions<'a> {
        self.extension_block
            .map_or_else(Extensions::none, |(profile, data)| Extensions::new(profile, data))
    }

    /// The value of the first extension element with this id.
    #[inline]
    pub fn extension(&self, id: u8) -> Option<&'a [u8]> {
        self.extensions().find(|element| element.id == id).map(|element| element.value)
    }

    /// The payload, padding removed.
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// How many bytes of padding followed the payload, its count byte included.
    pub fn padding_len(&self) -> u8 {
        self.padding_len
    }
}

/// The length in bytes of the whole header of the RTP packet that `bytes` starts with: the fixed part,
/// the CSRC list and the extension block. SRTP encrypts what follows it (RFC 3711 §3.1).
///
/// # Errors
/// [`WireError::Version`], and [`WireError::Truncated`] if the header does not lie inside `bytes`.
pub fn header_len(bytes: &[u8]) -> Result<usize, WireError> {
    Ok(bytes.len() - Header::parse(bytes)?.rest.len())
}

/// The contributing sources of a packet, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Csrcs<'a>(&'a [u8]);

impl Csrcs<'_> {
    /// How many there are, at most 15.
    pub fn len(&self) -> usize {
        self.0.len() / 4
    }

    /// Whether there are none, as in everything that is not mixed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Iterator for Csrcs<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let (csrc, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*csrc))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fixed {
    ssrc: u32,
    timestamp: u32,
    sequence_number: u16,
    payload_type: u8,
    marker: bool,
}

/// The header taken apart, and what follows it, padding included.
struct Header<'a> {
    fixed: Fixed,
    csrcs: &'a [u8],
    extension_block: Option<(u16, &'a [u8])>,
    has_padding: bool,
    rest: &'a [u8],
}

impl<'a> Header<'a> {
    #[inline]
    fn parse(bytes: &'a [u8]) -> Result<Self, WireError> {
        let (fixed, rest) =
            bytes.split_first_chunk::<FIXED_HEADER_LEN>().ok_or(WireError::Truncated)?;
        let [first, second, s0, s1, t0, t1, t2, t3, c0, c1, c2, c3] = *fixed;
        if first >> 6 != 2 {
            return Err(WireError::Version);
        }
        let csrc_len = usize::from(first & 0x0f) * 4;
        let (csrcs, rest) = rest.split_at_checked(csrc_len).ok_or(WireError::Truncated)?;
        let (extension_block, rest) =
            if first & 0x10 != 0 { split_extension_block(rest)? } else { (None, rest) };
        let fixed = Fixed {
            ssrc: u32::from_be_bytes([c0, c1, c2, c3]),
            timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
            sequence_number: u16::from_be_bytes([s0, s1]),
            payload_type: second & 0x7f,
            marker: second & 0x80 != 0,
        };
        Ok(Self { fixed, csrcs, extension_block, has_padding: first & 0x20 != 0, rest })
    }
}

type Block<'a> = (Option<(u16, &'a [u8])>, &'a [u8]);

/// Splits the extension block off (RFC 3550 §5.3.1): profile, length in words, data.
#[inline]
fn split_extension_block(bytes: &[u8]) -> Result<Block<'_>, WireError> {
    let ([p0, p1, l0, l1], rest) = bytes.split_first_chunk().ok_or(WireError::Truncated)?;
    let len = usize::from(u16::from_be_bytes([*l0, *l1])) * 4;
    let (data, rest) = rest.split_at_checked(len).ok_or(WireError::Truncated)?;
    Ok((Some((u16::from_be_bytes([*p0, *p1]), data)), rest))
}

/// Removes the padding, whose last byte counts it, itself included (RFC 3550 §5.1).
#[inline]
fn strip_padding(bytes: &[u8]) -> Result<(&[u8], u8), WireError> {
    let padding_len = *bytes.last().ok_or(WireError::Padding)?;
    let payload_len = bytes
        .len()
        .checked_sub(usize::from(padding_len))
        .filter(|_| padding_len != 0)
        .ok_or(WireError::Padding)?;
    let payload = bytes.get(..payload_len).ok_or(WireError::Padding)?;
    Ok((payload, padding_len))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: [u8; 12] = [0x80, 0xe0, 0x12, 0x34, 0, 0, 0, 5, 0xde, 0xad, 0xbe, 0xef];

    fn with(first: u8, tail: &[u8]) -> Vec<u8> {
        let mut bytes = PLAIN.to_vec();
        bytes[0] = first;
        bytes.extend_from_slice(tail);
        bytes
    }

    /// RFC 3550 §5.1.
    #[test]
    fn fixed_fields_are_read() {
        let bytes = with(0x80, &[7, 8]);
        let packet = RtpPacket::parse(&bytes).unwrap();
        assert!(packet.marker());
        assert_eq!(packet.payload_type(), 96);
        assert_eq!(packet.sequence_number(), 0x1234);
        assert_eq!(packet.timestamp(), 5);
        assert_eq!(packet.ssrc(), 0xdead_beef);
        assert_eq!(packet.payload(), &[7, 8]);
        assert_eq!(packet.padding_len(), 0);
    }

    #[test]
    fn another_version_is_refused() {
        for first in [0x00, 0x40, 0xc0] {
            assert_eq!(RtpPacket::parse(&with(first, &[])), Err(WireError::Version));
        }
    }

    #[test]
    fn every_prefix_of_a_header_is_refused() {
        let bytes = with(0x92, &[0, 0, 0, 1, 0, 0, 0, 2, 0xbe, 0xde, 0, 1, 0x10, 9, 0, 0]);
        for len in 0..bytes.len() {
            assert_eq!(header_len(&bytes[..len]), Err(WireError::Truncated), "{len}");
            assert_eq!(RtpPacket::parse(&bytes[..len]), Err(WireError::Truncated), "{len}");
        }
        assert_eq!(header_len(&bytes), Ok(28));
        let packet = RtpPacket::parse(&bytes).unwrap();
        assert_eq!(packet.csrcs().collect::<Vec<_>>(), [1, 2]);
        assert_eq!(packet.extension(1), Some(&[9][..]));
    }

    // RFC 3550 §5.1: the count includes itself and covers payload only.
    #[test]
    fn padding_is_removed_and_checked() {
        let all_padding = with(0xa0, &[0, 2]);
        let packet = RtpPacket::parse(&all_padding).unwrap();
        assert_eq!((packet.payload(), packet.padding_len()), (&[][..], 2));
        for tail in [&[0, 0][..], &[0, 3], &[255], &[]] {
            assert_eq!(RtpPacket::parse(&with(0xa0, tail)), Err(WireError::Padding));
        }
    }

    // The encrypted packet's last byte is not a padding count yet.
    #[test]
    fn header_length_does_not_look_at_padding() {
        assert_eq!(header_len(&with(0xa0, &[0, 0])), Ok(12));
    }

    #[test]
    fn short_extension_ends_the_elements_and_nothing_else() {
        // regressions: srtp-short-extension, as plaintext
        let bytes = [
            0x90, 0xe0, 0x69, 0x8f, 0xd9, 0xc2, 0x93, 0xda, 0x1c, 0x64, 0x27, 0x82, 0xbe, 0xde, 0,
            1, 0x50, 0xaa, 0x00, 0xa2,
        ];
        let packet = RtpPacket::parse(&bytes).unwrap();
        let elements: Vec<_> = packet.extensions().map(|e| (e.id, e.value.to_vec())).collect();
        assert_eq!(elements, [(5, vec![0xaa])]);
        assert!(packet.payload().is_empty());
        assert_eq!(header_len(&bytes), Ok(20));
    }
}
