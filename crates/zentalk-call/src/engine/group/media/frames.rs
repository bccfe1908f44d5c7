//! The frames of a group call: sealed as one's own, opened as those of one member alone.
//!
//! A server that mixes up its slots is not believed: a frame names its sender, and its tag proves it.

use zentalk_group_keys::{Error, FrameCodec, FrameKeyring, MediaKind, OpenedFrame, StreamId};

use super::order::{References, Sequence};
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

/// Opens a packet of sound, if it is of the member that its slot is said to carry, and in its place.
pub(super) struct Sound<'a> {
    pub(super) keys: &'a mut FrameKeyring,
    pub(super) sender: Option<u8>,
    pub(super) sequence: &'a mut Sequence,
    /// When the server wants it played.
    pub(super) timestamp: u32,
}

impl OpenFrames for Sound<'_> {
    fn open(&mut self, codec: FrameCodec, frame: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        let opened = open(self.keys, (self.sender, MediaKind::Microphone), codec, frame, out)?;
        self.sequence.note(self.timestamp, &opened)
    }
}

/// Opens pictures, if they are of the member that their slot is said to carry, and can be drawn on what was shown before.
pub(super) struct Pictures<'a> {
    pub(super) keys: &'a mut FrameKeyring,
    pub(super) sender: Option<u8>,
    pub(super) references: &'a mut References,
    /// Whether one has opened.
    pub(super) heard: bool,
}

impl OpenFrames for Pictures<'_> {
    fn open(&mut self, codec: FrameCodec, frame: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        let opened = open(self.keys, (self.sender, MediaKind::Camera), codec, frame, out)?;
        self.references.note(out, &opened)?;
        self.heard = true;
        Ok(())
    }
}

fn open(
    keys: &mut FrameKeyring,
    (sender, kind): (Option<u8>, MediaKind),
    codec: FrameCodec,
    frame: &[u8],
    out: &mut Vec<u8>,
) -> Result<OpenedFrame, Error> {
    keys.open(sender.ok_or(Error::UnknownKeyId)?, kind, frame, codec.clear_len(frame)?, out)
}
