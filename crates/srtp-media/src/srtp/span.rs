use crate::rtp::FIXED_HEADER_LEN;

/// Which part of an RTP packet is encrypted: all from `start` on, once [`Span::join`] was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: usize,
    /// Length of encrypted CSRCs, which the first word of the extension block cuts off.
    csrcs_len: usize,
}

impl Span {
    /// All from `start` on.
    pub(super) const fn from(start: usize) -> Self {
        Self { start, csrcs_len: 0 }
    }

    /// The CSRCs, and all behind the first word of the extension block (RFC 9335 §6).
    pub(super) const fn with_csrcs(csrcs_len: usize) -> Self {
        Self { start: FIXED_HEADER_LEN + WORD_LEN, csrcs_len }
    }

    /// Moves the first word of the extension block before the CSRCs: what is encrypted is then in one
    /// piece, and so is what comes before it.
    pub(super) fn join(self, packet: &mut [u8]) {
        if let Some(moved) = self.moved(packet) {
            moved.rotate_right(WORD_LEN);
        }
    }

    /// Undoes [`Self::join`].
    pub(super) fn part(self, packet: &mut [u8]) {
        if let Some(moved) = self.moved(packet) {
            moved.rotate_left(WORD_LEN);
        }
    }

    fn moved(self, packet: &mut [u8]) -> Option<&mut [u8]> {
        if self.csrcs_len == 0 {
            return None;
        }
        packet.get_mut(FIXED_HEADER_LEN..self.start + self.csrcs_len)
    }
}

const WORD_LEN: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9335 §6.
    #[test]
    fn csrcs_move_behind_the_word_and_back() {
        let packet: Vec<u8> = (0..30).collect();
        let mut joined = packet.clone();
        Span::with_csrcs(8).join(&mut joined);
        assert_eq!(joined[..12], packet[..12]);
        assert_eq!(joined[12..16], packet[20..24]);
        assert_eq!(joined[16..24], packet[12..20]);
        assert_eq!(joined[24..], packet[24..]);
        Span::with_csrcs(8).part(&mut joined);
        assert_eq!(joined, packet);
        Span::with_csrcs(0).join(&mut joined);
        Span::from(16).join(&mut joined);
        assert_eq!(joined, packet);
    }
}
