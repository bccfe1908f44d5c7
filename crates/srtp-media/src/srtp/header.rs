use core::ops::Range;

use crate::Error;
use crate::rtp::{FIXED_HEADER_LEN, header_len};

/// What SRTP needs to know of an RTP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RtpHeader {
    pub(super) ssrc: u32,
    pub(super) seq: u16,
    /// Where the payload begins: after the fixed header, the CSRCs and the extension (RFC 3711 §3.1).
    pub(super) len: usize,
}

impl RtpHeader {
    /// Reads the header of `packet`, protected or not.
    ///
    /// # Errors
    /// [`Error::Malformed`] for another version than 2 or a header longer than the packet.
    pub(super) fn parse(packet: &[u8]) -> Result<Self, Error> {
        let len = header_len(packet).map_err(|_| Error::Malformed)?;
        let fixed: &[u8; FIXED_HEADER_LEN] = packet.first_chunk().ok_or(Error::Malformed)?;
        Ok(Self {
            ssrc: u32::from_be_bytes([fixed[8], fixed[9], fixed[10], fixed[11]]),
            seq: u16::from_be_bytes([fixed[2], fixed[3]]),
            len,
        })
    }

    /// Where the extension block begins, if there is one: at its 16 bits "defined by profile".
    pub(super) fn extension(self, packet: &[u8]) -> Option<ExtensionBlock> {
        let first = packet.first()?;
        let start = FIXED_HEADER_LEN + csrcs_len(*first);
        let [profile @ .., _, _] = packet.get(start..)?.first_chunk::<4>()?;
        let block = ExtensionBlock { profile: u16::from_be_bytes(*profile), start, end: self.len };
        (first & X_BIT != 0).then_some(block)
    }
}

/// An extension block (RFC 3550 §5.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ExtensionBlock {
    pub(super) profile: u16,
    pub(super) start: usize,
    end: usize,
}

impl ExtensionBlock {
    /// What follows profile and length.
    pub(super) const fn data(self) -> Range<usize> {
        self.start + 4..self.end
    }

    /// Writes another profile.
    pub(super) fn set_profile(self, packet: &mut [u8], profile: u16) {
        if let Some(to) = packet.get_mut(self.start..).and_then(<[u8]>::first_chunk_mut) {
            *to = profile.to_be_bytes();
        }
    }
}

/// Length of the CSRCs in bytes, from the packet's first byte.
pub(super) const fn csrcs_len(first: u8) -> usize {
    4 * (first & 0x0f) as usize
}

/// The SSRC of the sender of an RTCP packet: that of the compound's first packet (RFC 3711 §3.4).
///
/// # Errors
/// [`Error::Malformed`] if there are fewer than [`RTCP_HEADER_LEN`] bytes or the version is not 2.
pub(super) fn rtcp_ssrc(packet: &[u8]) -> Result<u32, Error> {
    let header: &[u8; RTCP_HEADER_LEN] = packet.first_chunk().ok_or(Error::Malformed)?;
    if header[0] >> 6 != 2 {
        return Err(Error::Malformed);
    }
    Ok(u32::from_be_bytes([header[4], header[5], header[6], header[7]]))
}

/// Set where an extension block follows the CSRCs (RFC 3550 §5.1).
pub(super) const X_BIT: u8 = 0x10;

/// RFC 8285 §4.2.
pub(super) const ONE_BYTE_PROFILE: u16 = 0xbede;

/// RFC 8285 §4.3; the last four bits are the application's.
pub(super) const TWO_BYTE_PROFILE: u16 = 0x1000;

/// The part of an RTCP packet that stays in clear (RFC 3711 §3.4).
pub(super) const RTCP_HEADER_LEN: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(first: u8, rest: &[u8]) -> Vec<u8> {
        let mut packet = vec![first, 96, 0x12, 0x34, 0, 0, 0, 1, 0xca, 0xfe, 0xba, 0xbe];
        packet.extend_from_slice(rest);
        packet
    }

    /// RFC 3550 §5.3.1.
    #[test]
    fn payload_begins_after_csrcs_and_extension() {
        for (first, rest, len) in [
            (0x80, &[][..], 12),
            (0x82, &[0; 9], 20),
            (0x90, &[0xbe, 0xde, 0, 1, 1, 2, 3, 4, 5], 20),
            (0x90, &[0xbe, 0xde, 0, 0], 16),
            (0x91, &[0, 0, 0, 0, 0x10, 0, 0, 1, 0, 0, 0, 0], 24),
        ] {
            let header = RtpHeader::parse(&packet(first, rest)).unwrap();
            assert_eq!(header, RtpHeader { ssrc: 0xcafe_babe, seq: 0x1234, len });
        }
    }

    #[test]
    fn headers_that_do_not_fit_their_packet_are_refused() {
        for bad in [
            packet(0x40, &[]),
            packet(0xc0, &[]),
            packet(0x81, &[0; 3]),
            packet(0x90, &[0xbe, 0xde, 0]),
            packet(0x90, &[0xbe, 0xde, 0, 2, 0, 0, 0, 0]),
            packet(0x9f, &[0xff; 60]),
            packet(0x80, &[])[..11].to_vec(),
            Vec::new(),
        ] {
            assert_eq!(RtpHeader::parse(&bad), Err(Error::Malformed), "{bad:02x?}");
        }
    }

    #[test]
    fn rtcp_needs_version_and_ssrc() {
        assert_eq!(rtcp_ssrc(&[0x80, 200, 0, 1, 1, 2, 3, 4]), Ok(0x0102_0304));
        assert_eq!(rtcp_ssrc(&[0x80, 200, 0, 1, 1, 2, 3]), Err(Error::Malformed));
        assert_eq!(rtcp_ssrc(&[0x40, 200, 0, 1, 1, 2, 3, 4]), Err(Error::Malformed));
    }
}
