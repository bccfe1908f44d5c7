//! Completely encrypted header extensions and CSRCs (RFC 9335).
//!
//! Encrypted is what lies behind the fixed header but for the first four bytes of the extension
//! block. Where there are CSRCs, they stand before these four; [`Span`] brings both parts together.

use super::header::{ONE_BYTE_PROFILE, RtpHeader, TWO_BYTE_PROFILE, X_BIT, csrcs_len};
use super::span::Span;
use crate::Error;
use crate::rtp::FIXED_HEADER_LEN;

/// The block that a packet with CSRCs and no extension gets (§5.1), in bytes.
pub(super) const BLOCK_LEN: usize = 4;

/// Whether `packet` has CSRCs and no extension block: then [`insert_block`] must come first.
pub(super) fn needs_block(packet: &[u8]) -> bool {
    packet.first().is_some_and(|first| first & X_BIT == 0 && csrcs_len(*first) != 0)
}

/// Whether [`mark`] can say of the packet that it is encrypted.
///
/// # Errors
/// [`Error::HeaderExtension`] for an extension in another form than RFC 8285's. The two-byte form's
/// application bits must be zero, since there is no place for them.
pub(super) fn check(packet: &[u8], header: RtpHeader) -> Result<(), Error> {
    match header.extension(packet).map(|block| block.profile) {
        None | Some(ONE_BYTE_PROFILE | TWO_BYTE_PROFILE) => Ok(()),
        Some(_) => Err(Error::HeaderExtension),
    }
}

/// Puts an empty extension block behind the CSRCs of the packet in the first `len` bytes of `buf`,
/// over the first four bytes of its trailer.
pub(super) fn insert_block(buf: &mut [u8], len: usize, header: RtpHeader) -> Option<RtpHeader> {
    buf.get_mut(header.len..len + BLOCK_LEN)?.rotate_right(BLOCK_LEN);
    let block: &mut [u8; BLOCK_LEN] = buf.get_mut(header.len..)?.first_chunk_mut()?;
    let [high, low] = ONE_BYTE_PROFILE.to_be_bytes();
    *block = [high, low, 0, 0];
    *buf.first_mut()? |= X_BIT;
    Some(RtpHeader { len: header.len + BLOCK_LEN, ..header })
}

/// Marks the packet as encrypted and says what of it is. One without extension stays unmarked.
pub(super) fn mark(packet: &mut [u8], header: RtpHeader) -> Span {
    let Some(block) = header.extension(packet) else { return Span::from(header.len) };
    let mark = if block.profile == ONE_BYTE_PROFILE { ONE_BYTE_MARK } else { TWO_BYTE_MARK };
    block.set_profile(packet, mark);
    Span::with_csrcs(block.start - FIXED_HEADER_LEN)
}

/// What of a received packet is encrypted.
pub(super) fn span(packet: &[u8], header: RtpHeader) -> Span {
    match header.extension(packet) {
        Some(block) if matches!(block.profile, ONE_BYTE_MARK | TWO_BYTE_MARK) => {
            Span::with_csrcs(block.start - FIXED_HEADER_LEN)
        }
        _ => Span::from(header.len),
    }
}

/// Gives a decrypted packet back the profile that it had.
pub(super) fn unmark(packet: &mut [u8], header: RtpHeader) {
    if let Some(block) = header.extension(packet) {
        match block.profile {
            ONE_BYTE_MARK => block.set_profile(packet, ONE_BYTE_PROFILE),
            TWO_BYTE_MARK => block.set_profile(packet, TWO_BYTE_PROFILE),
            _ => {}
        }
    }
}

/// RFC 9335 §5.1: instead of [`ONE_BYTE_PROFILE`].
const ONE_BYTE_MARK: u16 = 0xc0de;

/// RFC 9335 §5.1: instead of [`TWO_BYTE_PROFILE`].
const TWO_BYTE_MARK: u16 = 0xc2de;
