//! What the user says and shows.

use zentalk_codec::{AudioFrame, VideoFrame};
use zentalk_primitives::{CallId, Instant};

use super::Engine;
use super::call::Call;
use super::group::GroupCall;
use crate::Error;

impl Engine {
    /// Sends 20 ms of sound. To switch the microphone off in a group call, stop: after 2 s the members are told that nothing is
    /// missing, and with the next sound that it is on again.
    ///
    /// # Errors
    /// [`Error::NotUp`] before the call is up and after it; what the encoder refuses.
    pub fn send_audio(
        &mut self,
        now: Instant,
        call: CallId,
        frame: &AudioFrame,
    ) -> Result<(), Error> {
        self.advance(now);
        let now = self.now;
        let sent = self.for_both(
            call,
            |call| call.send_audio(now, frame),
            |group| group.send_audio(now, frame),
        );
        self.settle();
        sent
    }

    /// Sends a picture. To switch the camera off in a group call, stop, as for [sound](Self::send_audio).
    ///
    /// # Errors
    /// [`Error::NotUp`] before the call is up and after it; [`Error::NoSuchMedia`] in a call without
    /// pictures; what the encoder refuses.
    pub fn send_video(
        &mut self,
        now: Instant,
        call: CallId,
        picture: &VideoFrame,
    ) -> Result<(), Error> {
        self.advance(now);
        let now = self.now;
        let sent = self.for_both(
            call,
            |call| call.send_video(now, picture),
            |group| group.send_video(now, picture),
        );
        self.settle();
        sent
    }

    /// Sends over every path that a call has: one, but for the while that two serve it.
    fn for_both(
        &mut self,
        id: CallId,
        pair: impl FnOnce(&mut Call) -> Result<(), Error>,
        group: impl FnOnce(&mut GroupCall) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let call = self.call.as_mut().filter(|call| call.id() == id).map(pair);
        let group = self.group.as_mut().filter(|group| group.id() == id).map(group);
        match (call, group) {
            (Some(Ok(())), _) | (_, Some(Ok(()))) => Ok(()),
            (Some(refused), _) | (None, Some(refused)) => refused,
            (None, None) => Err(Error::NotUp),
        }
    }
}
