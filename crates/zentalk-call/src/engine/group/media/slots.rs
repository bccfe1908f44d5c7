//! What a server puts before this side: slots, each of which carries one medium of one member at a time.

use zentalk_codec::Channels;
use zentalk_group_keys::FrameKeyring;
use zentalk_primitives::Instant;
use zentalk_rtp_session::{ReceiveStreamId, ReceivedPacket};

use super::frames::{Pictures, Sound};
use super::order::{References, Sequence};
use crate::Error;
use crate::engine::event::Picture;
use crate::engine::media::{AudioReceiver, VideoOutput, VideoReceiver};

/// A slot.
pub(super) struct Slot<R: Receiver> {
    pub(super) mid: String,
    pub(super) stream: ReceiveStreamId,
    /// Whose frames it is said to carry, by index.
    pub(super) owner: Option<u8>,
    pub(super) receiver: R,
    order: R::Order,
    /// What was refused and decoded for those who had the slot before.
    before: Counts,
}

/// Frames of a slot.
#[derive(Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) refused: u64,
    pub(super) played: u64,
    pub(super) concealed: u64,
}

/// What can be put into a slot.
pub(super) trait Receiver: Sized {
    /// What is known of the order of its frames.
    type Order: Default;

    fn fresh() -> Result<Self, Error>;
    fn counts(&self) -> Counts;
}

impl Receiver for AudioReceiver {
    type Order = Sequence;

    fn fresh() -> Result<Self, Error> {
        // Opus packets say themselves whether they are stereo; decoding to mono fits every player.
        Self::new(Channels::Mono)
    }

    fn counts(&self) -> Counts {
        let stats = self.stats();
        Counts {
            refused: self.refused(),
            played: stats.received + stats.recovered,
            concealed: stats.concealed + stats.stretched,
        }
    }
}

impl Receiver for VideoReceiver {
    type Order = References;

    fn fresh() -> Result<Self, Error> {
        Ok(Self::new())
    }

    fn counts(&self) -> Counts {
        Counts { refused: self.refused(), played: self.decoded(), concealed: 0 }
    }
}

impl<R: Receiver> Slot<R> {
    pub(super) fn new(mid: &str, stream: ReceiveStreamId) -> Result<Self, Error> {
        let (mid, before) = (mid.to_owned(), Counts::default());
        let (receiver, order) = (R::fresh()?, R::Order::default());
        Ok(Self { mid, stream, owner: None, receiver, order, before })
    }

    /// Somebody else's frames come from now on: nothing of the one before is played or decoded with them.
    pub(super) fn give_to(&mut self, owner: Option<u8>) -> Result<bool, Error> {
        if self.owner == owner {
            return Ok(false);
        }
        let receiver = R::fresh()?;
        self.before = self.counts();
        self.receiver = receiver;
        self.owner = owner;
        self.order = R::Order::default();
        Ok(true)
    }

    pub(super) fn counts(&self) -> Counts {
        let (before, now) = (self.before, self.receiver.counts());
        Counts {
            refused: before.refused + now.refused,
            played: before.played + now.played,
            concealed: before.concealed + now.concealed,
        }
    }
}

impl Slot<AudioReceiver> {
    /// Returns whether the frame was the owner's.
    pub(super) fn handle_packet(
        &mut self,
        now: Instant,
        packet: &ReceivedPacket,
        keys: &mut FrameKeyring,
    ) -> bool {
        let (sender, timestamp) = (self.owner, packet.timestamp);
        let mut frames = Sound { keys, sender, sequence: &mut self.order, timestamp };
        self.receiver.handle_packet(now, packet, &mut frames)
    }
}

/// What a video slot has to say.
pub(super) enum Seen {
    Picture(Picture),
    NeedsKeyframe,
    Timeout(Option<Instant>),
}

impl Slot<VideoReceiver> {
    /// What comes next, and whether a frame was the owner's.
    pub(super) fn poll(&mut self, now: Instant, keys: &mut FrameKeyring) -> (Seen, bool) {
        let (sender, references) = (self.owner, &mut self.order);
        let mut frames = Pictures { keys, sender, references, heard: false };
        let seen = loop {
            match self.receiver.poll_output(now, &mut frames) {
                VideoOutput::Picture(picture) => break Seen::Picture(picture),
                VideoOutput::NeedsKeyframe if self.owner.is_some() => break Seen::NeedsKeyframe,
                // Of an empty slot nobody can be asked.
                VideoOutput::NeedsKeyframe => {}
                VideoOutput::Timeout(at) => break Seen::Timeout(at),
            }
        };
        (seen, frames.heard)
    }
}

#[cfg(test)]
mod tests {
    use core::cell::Cell;

    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;
    use zentalk_primitives::UnixTime;
    use zentalk_rtp_session::{MediaKind, ReceiveStreamConfig, RtpSession, SessionConfig};

    use super::*;

    thread_local! {
        static IS_LEFT: Cell<bool> = const { Cell::new(true) };
    }

    /// A receiver of which there is one only.
    struct Scarce;

    impl Receiver for Scarce {
        type Order = Sequence;

        fn fresh() -> Result<Self, Error> {
            match IS_LEFT.replace(false) {
                true => Ok(Self),
                false => Err(Error::Internal),
            }
        }

        fn counts(&self) -> Counts {
            Counts { played: 3, ..Counts::default() }
        }
    }

    /// Else the next attempt would find that they have it already, and play them with what is known of the one before.
    #[test]
    fn a_slot_that_cannot_be_given_to_somebody_is_not_theirs() {
        let (now, mut rng) = (Instant::ZERO, ChaCha20Rng::seed_from_u64(1));
        let config = SessionConfig::new(UnixTime::from_millis(0));
        let mut session = RtpSession::new(now, config, &mut rng).unwrap();
        let stream = ReceiveStreamConfig::new(MediaKind::Audio, 48_000).format(111, None).ssrc(7);
        let stream = session.add_receive_stream(now, stream).unwrap();
        let mut slot = Slot::<Scarce>::new("0", stream).unwrap();
        for _ in 0..2 {
            assert!(slot.give_to(Some(2)).is_err());
            assert_eq!((slot.owner, slot.counts().played), (None, 3), "nothing is counted twice");
        }
    }
}
