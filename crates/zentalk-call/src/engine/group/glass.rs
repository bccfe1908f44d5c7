//! For demonstrations under glass: what a group call keeps to itself, given away, and a member who only says that it leaves.
//!
//! All of it exists with the feature `glass` only.

use std::collections::VecDeque;

use zentalk_call_fsm::EndReason;
use zentalk_group_keys::{Error as FrameError, Exposed, MediaKind, StreamId};
use zentalk_primitives::Instant;

use super::stay::Stay;
use super::{GroupCall, keys};
use crate::Error;
use crate::engine::Engine;

/// The last packets that a server forwarded, as they are once SRTP is taken off.
#[derive(Default)]
pub(super) struct Recent(VecDeque<Vec<u8>>);

/// As many as are kept: about half a second of a large call.
const MAX_RECENT: usize = 256;

impl Recent {
    pub(super) fn note(&mut self, packet: &[u8]) {
        if self.0.len() >= MAX_RECENT {
            self.0.pop_front();
        }
        self.0.push_back(packet.to_vec());
    }
}

impl Engine {
    /// **Gives away the keys of the group call**, for demonstrations that search memories for them; see
    /// [`GroupKeys::secrets`](zentalk_group_keys::GroupKeys::secrets). Nothing without such a call.
    pub fn secrets(&self) -> Vec<Exposed> {
        self.group.as_ref().map(GroupCall::secrets).unwrap_or_default()
    }

    /// Seals `text` as if it were 20 ms of this side's sound, under the key that its frames are sealed under now. It is not sent.
    ///
    /// # Errors
    /// [`Error::NotUp`] without a group call; what the keys refuse.
    pub fn seal_aside(&mut self, text: &[u8]) -> Result<Vec<u8>, Error> {
        let mut sealed = Vec::new();
        self.group_keys()?.keyring().seal(StreamId::MICROPHONE, 0, text, &mut sealed)?;
        Ok(sealed)
    }

    /// Opens a frame that came beside the call, as if it had come in the slot of the member with this index: by the same way, and as
    /// finally, as all of its sound.
    ///
    /// # Errors
    /// Why it does not open; [`FrameError::NoKey`] without a group call.
    pub fn open_aside(&mut self, sender: u8, frame: &[u8]) -> Result<Vec<u8>, FrameError> {
        let keys = self.group_keys().map_err(|_| FrameError::NoKey)?;
        let mut opened = Vec::new();
        keys.keyring().open(sender, MediaKind::Microphone, frame, 0, &mut opened)?;
        Ok(opened)
    }

    /// Tells all members that this side leaves, as hanging up does, and stays: at the server, with every key that it has.
    ///
    /// # Errors
    /// [`Error::NotUp`] without a group call.
    pub fn pretend_to_leave(&mut self, now: Instant) -> Result<(), Error> {
        self.now = self.now.max(now);
        self.group.as_mut().ok_or(Error::NotUp)?.say_end(EndReason::HungUpLocal);
        self.settle();
        Ok(())
    }

    /// The last packets that the server forwarded to this side, without the SRTP around them; the newest last.
    pub fn recent_packets(&mut self) -> Vec<Vec<u8>> {
        let media = self.group.as_mut().and_then(|group| group.stay.as_mut()).and_then(Stay::media);
        media.map(|media| media.recent.0.iter().cloned().collect()).unwrap_or_default()
    }

    fn group_keys(&mut self) -> Result<&mut keys::Keys, Error> {
        self.group.as_mut().and_then(|group| group.keys.as_mut()).ok_or(Error::NotUp)
    }
}

impl GroupCall {
    fn secrets(&self) -> Vec<Exposed> {
        self.keys.as_ref().map(keys::Keys::secrets).unwrap_or_default()
    }
}
