use super::{FIXED_HEADER_LEN, ONE_BYTE_PROFILE, TWO_BYTE_PROFILE};
use crate::WireError;

/// The most contributing sources that the count field can express (RFC 3550 §5.1).
const MAX_CSRCS: usize = 15;

/// A header to write in front of a payload.
///
/// ```
/// use zentalk_srtp_media::rtp::{RtpHeader, RtpPacket};
///
/// let mut packet = Vec::with_capacity(1_200);
/// RtpHeader::new(96, 7, 90_000, 0x1234).marker(true).write(&[], &[(1, b"0")], &mut packet)?;
/// packet.extend_from_slice(b"payload");
///
/// let read = RtpPacket::parse(&packet)?;
/// assert_eq!(read.extension(1), Some(&b"0"[..]));
/// assert_eq!(read.payload(), b"payload");
/// # Ok::<(), zentalk_srtp_media::WireError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RtpHeader {
    payload_type: u8,
    sequence_number: u16,
    timestamp: u32,
    ssrc: u32,
    marker: bool,
}

impl RtpHeader {
    /// A header without marker.
    pub fn new(payload_type: u8, sequence_number: u16, timestamp: u32, ssrc: u32) -> Self {
        Self { payload_type, sequence_number, timestamp, ssrc, marker: false }
    }

    /// Sets the marker bit.
    #[must_use]
    pub fn marker(mut self, marker: bool) -> Self {
        self.marker = marker;
        self
    }

    /// Appends the header to `out`; allocates only if `out` has too little capacity.
    ///
    /// `extensions` are (id, value) pairs. They are written in the one-byte form where it can hold them
    /// all, else in the two-byte form, which a peer must have agreed to (`extmap-allow-mixed`,
    /// RFC 8285 §6).
    ///
    /// # Errors
    /// [`WireError::PayloadTypeOutOfRange`], [`WireError::TooMany`] over 15 CSRCs,
    /// [`WireError::ExtensionOutOfRange`]. `out` is then unchanged.
    pub fn write(
        &self,
        csrcs: &[u32],
        extensions: &[(u8, &[u8])],
        out: &mut Vec<u8>,
    ) -> Result<(), WireError> {
        if self.payload_type > 127 {
            return Err(WireError::PayloadTypeOutOfRange);
        }
        let csrc_count = u8::try_from(csrcs.len()).unwrap_or(u8::MAX);
        if csrcs.len() > MAX_CSRCS {
            return Err(WireError::TooMany);
        }
        let block = Block::plan(extensions)?;
        let extension_bit = if block.is_some() { 0x10 } else { 0 };

        out.reserve(FIXED_HEADER_LEN + csrcs.len() * 4 + block.map_or(0, Block::wire_len));
        out.push(0x80 | extension_bit | csrc_count);
        out.push(u8::from(self.marker) << 7 | self.payload_type);
        out.extend_from_slice(&self.sequence_number.to_be_bytes());
        out.extend_from_slice(&self.timestamp.to_be_bytes());
        out.extend_from_slice(&self.ssrc.to_be_bytes());
        for csrc in csrcs {
            out.extend_from_slice(&csrc.to_be_bytes());
        }
        if let Some(block) = block {
            block.write(extensions, out);
        }
        Ok(())
    }
}

/// An extension block whose form and length are decided.
#[derive(Clone, Copy)]
struct Block {
    profile: u16,
    words: u16,
    padding: usize,
}

impl Block {
    fn plan(extensions: &[(u8, &[u8])]) -> Result<Option<Self>, WireError> {
        if extensions.is_empty() {
            return Ok(None);
        }
        let fits_one_byte =
            |&(id, value): &(u8, &[u8])| (1..=14).contains(&id) && (1..=16).contains(&value.len());
        let fits_two_byte = |&(id, value): &(u8, &[u8])| id != 0 && value.len() <= 255;
        let (profile, head_len) = if extensions.iter().all(fits_one_byte) {
            (ONE_BYTE_PROFILE, 1)
        } else if extensions.iter().all(fits_two_byte) {
            (TWO_BYTE_PROFILE, 2)
        } else {
            return Err(WireError::ExtensionOutOfRange);
        };
        let len: usize = extensions.iter().map(|(_, value)| head_len + value.len()).sum();
        let padded = len.next_multiple_of(4);
        let words = u16::try_from(padded / 4).map_err(|_| WireError::ExtensionOutOfRange)?;
        Ok(Some(Self { profile, words, padding: padded - len }))
    }

    fn wire_len(self) -> usize {
        4 + usize::from(self.words) * 4
    }

    fn write(self, extensions: &[(u8, &[u8])], out: &mut Vec<u8>) {
        out.extend_from_slice(&self.profile.to_be_bytes());
        out.extend_from_slice(&self.words.to_be_bytes());
        for (id, value) in extensions {
            // `plan` has seen that every length fits its form.
            let len = value.len() as u8;
            if self.profile == ONE_BYTE_PROFILE {
                out.push(id << 4 | len.wrapping_sub(1));
            } else {
                out.extend_from_slice(&[*id, len]);
            }
            out.extend_from_slice(value);
        }
        out.resize(out.len() + self.padding, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtp::RtpPacket;

    fn written(extensions: &[(u8, &[u8])]) -> Vec<u8> {
        let mut out = Vec::new();
        RtpHeader::new(96, 1, 2, 3).marker(true).write(&[4, 5], extensions, &mut out).unwrap();
        out
    }

    #[test]
    fn small_elements_use_the_one_byte_form() {
        let bytes = written(&[(1, b"ab"), (14, &[7; 16])]);
        let packet = RtpPacket::parse(&bytes).unwrap();
        assert_eq!(packet.extension_block().unwrap().0, 0xbede);
        assert_eq!(packet.extension(1), Some(&b"ab"[..]));
        assert_eq!(packet.extension(14), Some(&[7; 16][..]));
        assert_eq!(packet.csrcs().collect::<Vec<_>>(), [4, 5]);
        assert!(packet.payload().is_empty());
    }

    // RFC 8285 §4.1.2: what the one-byte form cannot hold needs the two-byte form.
    #[test]
    fn large_empty_or_high_elements_use_the_two_byte_form() {
        for element in [(1, &[0; 17][..]), (1, &[]), (15, &[1]), (255, &[9; 255])] {
            let bytes = written(&[element, (2, b"x")]);
            let packet = RtpPacket::parse(&bytes).unwrap();
            assert_eq!(packet.extension_block().unwrap().0, 0x1000);
            assert_eq!(packet.extension(element.0), Some(element.1));
            assert_eq!(packet.extension(2), Some(&b"x"[..]));
        }
    }

    #[test]
    fn what_cannot_be_encoded_leaves_the_buffer_alone() {
        let mut out = vec![1];
        let header = RtpHeader::new(96, 1, 2, 3);
        let long = [0; 256];
        for extension in [(0, &b"x"[..]), (1, &long[..])] {
            let result = header.write(&[], &[extension], &mut out);
            assert_eq!(result, Err(WireError::ExtensionOutOfRange));
        }
        assert_eq!(header.write(&[0; 16], &[], &mut out), Err(WireError::TooMany));
        let header = RtpHeader::new(128, 1, 2, 3);
        assert_eq!(header.write(&[], &[], &mut out), Err(WireError::PayloadTypeOutOfRange));
        assert_eq!(out, [1]);
    }
}
