use core::fmt;

use zentalk_primitives::CallId;

use crate::{Error, MAX_CLEAR_BYTES, MAX_FRAME_LEN, SframeKey};

/// Seals the frames of one stream that we send: clear bytes, SFrame header, ciphertext, tag.
///
/// Made by [`FrameKeys::sealer`](crate::FrameKeys::sealer). Its counter only grows.
pub struct FrameSealer {
    key: SframeKey,
    call_id: CallId,
    next_counter: u64,
}

impl FrameSealer {
    pub(crate) const fn new(key: SframeKey, call_id: CallId) -> Self {
        Self { key, call_id, next_counter: 0 }
    }

    /// Seals a whole encoded `frame`, of which the first `clear_len` bytes stay in clear
    /// ([`FrameCodec::clear_len`](crate::FrameCodec::clear_len)), into `out`, whose contents are
    /// replaced. It allocates nothing if `out` has capacity for the frame and
    /// [`Self::MAX_OVERHEAD`] bytes.
    ///
    /// Authenticated beside the frame: the header, the call id and the clear bytes.
    ///
    /// # Errors
    /// [`Error::ClearLength`] if the frame is shorter than its clear bytes or they are more than
    /// [`MAX_CLEAR_BYTES`]; [`Error::FrameTooLong`]; [`Error::CounterExhausted`]; [`Error::Internal`]. `out` is then
    /// empty.
    pub fn seal(&mut self, clear_len: usize, frame: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        let sealed = self.seal_over(clear_len, frame, out);
        if sealed.is_err() {
            out.clear();
        }
        sealed
    }

    /// Seals `frame` over what is in `out`.
    fn seal_over(
        &mut self,
        clear_len: usize,
        frame: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        if clear_len > MAX_CLEAR_BYTES {
            return Err(Error::ClearLength);
        }
        let (clear, plaintext) = frame.split_at_checked(clear_len).ok_or(Error::ClearLength)?;
        if plaintext.len() > MAX_FRAME_LEN {
            return Err(Error::FrameTooLong);
        }
        let counter = self.next_counter;
        // RFC 9605 §9.1.
        if counter >= MAX_FRAMES_PER_KEY {
            return Err(Error::CounterExhausted);
        }
        // Whatever happens below, this counter is not used again.
        self.next_counter += 1;
        let metadata = [self.call_id.as_bytes(), clear];
        self.key.seal_framed(counter, metadata, plaintext, out, clear_len)?;
        out.get_mut(..clear_len).ok_or(Error::Internal)?.copy_from_slice(clear);
        Ok(())
    }

    /// How many frames were sealed, with the counters that were left out: the layers of a camera count together.
    pub const fn sealed_frames(&self) -> u64 {
        self.next_counter
    }

    /// Leaves out counters before this one. It never goes back.
    pub(crate) fn skip_to(&mut self, counter: u64) {
        self.next_counter = self.next_counter.max(counter);
    }

    /// By how many bytes sealing lengthens a frame at most: 17 of header, 16 of tag.
    pub const MAX_OVERHEAD: usize = crate::MAX_HEADER_LEN + 16;
}

impl fmt::Debug for FrameSealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameSealer")
            .field("next_counter", &self.next_counter)
            .finish_non_exhaustive()
    }
}

/// How many frames are sealed under one key. Two years of video at 60 frames a second; far below where
/// AES-GCM's bounds for a single key begin to matter.
pub const MAX_FRAMES_PER_KEY: u64 = 1 << 32;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FRAME_SUITE;

    /// RFC 9605 §9.1: a counter is used once, so it ends rather than wraps.
    #[test]
    fn the_counter_ends_and_stays_there() {
        let key = SframeKey::derive(FRAME_SUITE, &[1; 32], 0).unwrap();
        let mut sealer = FrameSealer::new(key, CallId::from_bytes([2; 16]));
        sealer.next_counter = MAX_FRAMES_PER_KEY - 1;
        let mut out = Vec::new();
        sealer.seal(0, b"the last frame", &mut out).unwrap();
        for _ in 0..2 {
            assert_eq!(sealer.seal(0, b"one more", &mut out), Err(Error::CounterExhausted));
            assert!(out.is_empty());
        }
        assert_eq!(sealer.sealed_frames(), MAX_FRAMES_PER_KEY);
    }
}
