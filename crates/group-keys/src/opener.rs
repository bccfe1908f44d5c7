use core::fmt;

use zentalk_primitives::CallId;

use crate::replay::ReplayWindow;
use crate::{Error, KeyId, MAX_CLEAR_BYTES, SframeHeader, SframeKey};

/// Opens the frames of one stream of one remote sender, each at most once.
///
/// Made by [`FrameKeys::opener`](crate::FrameKeys::opener). It changes only when a frame is authentic.
pub struct FrameOpener {
    key: SframeKey,
    key_id: KeyId,
    call_id: CallId,
    window: ReplayWindow,
}

/// What is known of a frame that was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenedFrame {
    /// Its place in the order in which its sender sealed, from 0. Frames may be opened out of order, within
    /// [`FRAME_REPLAY_WINDOW`](crate::FRAME_REPLAY_WINDOW); a decoder that must not go back compares this.
    pub counter: u64,
    /// Whether nothing that was sealed later under its key had been opened before.
    pub is_newest: bool,
    /// The key it was sealed under: epoch, sender, kind and layer. Counters compare within one, and those of pictures within all layers of a camera.
    pub key_id: KeyId,
}

impl FrameOpener {
    pub(crate) fn new(key: SframeKey, key_id: KeyId, call_id: CallId) -> Self {
        Self { key, key_id, call_id, window: ReplayWindow::default() }
    }

    /// Whose frames it opens.
    pub const fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// Opens a sealed frame, of which the first `clear_len` bytes are in clear
    /// ([`FrameCodec::clear_len`](crate::FrameCodec::clear_len) of the sealed frame), into `out`, whose
    /// contents are replaced. It allocates nothing if `out` has capacity for the sealed frame.
    ///
    /// # Errors
    /// [`Error::Malformed`], [`Error::WrongEpoch`], [`Error::WrongSender`], [`Error::WrongStream`],
    /// [`Error::UnknownKeyId`], [`Error::Replayed`], [`Error::Rewound`], [`Error::FrameTooLong`],
    /// [`Error::AuthenticationFailed`] for what came from the network; [`Error::ClearLength`] for more
    /// clear bytes than [`MAX_CLEAR_BYTES`]. `out` is then empty and the opener as before.
    pub fn open(
        &mut self,
        sealed: &[u8],
        clear_len: usize,
        out: &mut Vec<u8>,
    ) -> Result<OpenedFrame, Error> {
        let opened = self.open_over(sealed, clear_len, out);
        if opened.is_err() {
            out.clear();
        }
        opened
    }

    /// Whether a frame with this counter could still be opened.
    pub(crate) fn check(&self, counter: u64) -> Result<(), Error> {
        self.window.check(counter)
    }

    /// Opens a sealed frame over what is in `out`.
    fn open_over(
        &mut self,
        sealed: &[u8],
        clear_len: usize,
        out: &mut Vec<u8>,
    ) -> Result<OpenedFrame, Error> {
        if clear_len > MAX_CLEAR_BYTES {
            return Err(Error::ClearLength);
        }
        let (clear, framed) = sealed.split_at_checked(clear_len).ok_or(Error::Malformed)?;
        let (header, header_len) = SframeHeader::decode(framed)?;
        self.check_key_id(header.kid)?;
        self.window.check(header.counter)?;
        let body = framed.get(header_len..).unwrap_or_default();
        let metadata = [self.call_id.as_bytes(), clear];
        self.key.open_framed(header.counter, metadata, body, out, clear_len)?;
        out.get_mut(..clear_len).ok_or(Error::Internal)?.copy_from_slice(clear);
        let (counter, key_id) = (header.counter, self.key_id);
        let is_newest = self.window.mark(counter);
        Ok(OpenedFrame { counter, is_newest, key_id })
    }

    fn check_key_id(&self, kid: u64) -> Result<(), Error> {
        let named = KeyId::from_kid(kid)?;
        if named.epoch() != self.key_id.epoch() {
            Err(Error::WrongEpoch)
        } else if named.sender() != self.key_id.sender() {
            Err(Error::WrongSender)
        } else if named.stream() != self.key_id.stream() {
            Err(Error::WrongStream)
        } else {
            Ok(())
        }
    }
}

impl fmt::Debug for FrameOpener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameOpener").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}
