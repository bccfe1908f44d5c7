//! The frames of a group call: sealed as one's own, opened as those of one member alone.

use zentalk_group_keys::{Error, FrameCodec, FrameKeyring, MediaKind, StreamId};

use crate::engine::media::{OpenFrames, SealFrames};

/// Seals one stream of this side's.
pub(super) struct OwnFrames<'a> {
    pub(super) keys: &'a mut FrameKeyring,
    pub(super) stream: StreamId,
}

impl SealFrames for OwnFrames<'_> {
    fn seal(&mut self, codec: FrameCodec, frame: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        self.keys.seal(self.stream, codec.clear_len(frame)?, frame, out)
    }
}

/// Opens what a slot brings, if it is of the member that the slot is said to carry. A server that mixes up its slots is not
/// believed: the frame names its sender, and its tag proves it.
pub(super) struct MemberFrames<'a> {
    keys: &'a mut FrameKeyring,
    sender: Option<u8>,
    kind: MediaKind,
    /// Whether one has opened.
    pub(super) heard: bool,
}

impl<'a> MemberFrames<'a> {
    pub(super) fn new(keys: &'a mut FrameKeyring, sender: Option<u8>, kind: MediaKind) -> Self {
        Self { keys, sender, kind, heard: false }
    }
}

impl OpenFrames for MemberFrames<'_> {
    fn open(&mut self, codec: FrameCodec, frame: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        let sender = self.sender.ok_or(Error::UnknownKeyId)?;
        self.keys.open(sender, self.kind, frame, codec.clear_len(frame)?, out)?;
        self.heard = true;
        Ok(())
    }
}
