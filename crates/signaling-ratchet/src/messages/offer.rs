use core::fmt;

use prost::Message;
use zeroize::Zeroize;

use crate::Error;
use crate::card::ContactCard;

use super::frame_secret::FrameSecret;
use super::sdp;

/// Asks to ring.
pub struct Offer {
    sdp: String,
    frame_secret: FrameSecret,
    card: ContactCard,
    media: MediaKinds,
}

/// What the caller wants to send.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MediaKinds {
    /// Voice.
    pub audio: bool,
    /// Picture.
    pub video: bool,
}

impl Offer {
    /// An offer with the caller's session description (its relay candidates inside), contribution to the frame key
    /// and contact card, so that a stranger's call can be answered.
    ///
    /// # Errors
    /// [`Error::TooLong`] if `sdp` has more than [`limits::SDP_LEN`](crate::limits::SDP_LEN) bytes.
    pub fn new(
        sdp: String,
        frame_secret: FrameSecret,
        card: ContactCard,
        media: MediaKinds,
    ) -> Result<Self, Error> {
        sdp::check(&sdp)?;
        Ok(Self { sdp, frame_secret, card, media })
    }

    /// The session description.
    pub fn sdp(&self) -> &str {
        &self.sdp
    }

    /// The caller's contribution to the frame key.
    pub const fn frame_secret(&self) -> &FrameSecret {
        &self.frame_secret
    }

    /// How to reach the caller. That it is the sender's own is checked when the message is opened.
    pub const fn card(&self) -> &ContactCard {
        &self.card
    }

    /// What the caller wants to send.
    pub const fn media(&self) -> MediaKinds {
        self.media
    }

    /// Session description, frame secret, card.
    pub fn into_parts(self) -> (String, FrameSecret, ContactCard) {
        (self.sdp, self.frame_secret, self.card)
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        Wire {
            sdp: sdp::deflate(&self.sdp),
            frame_secret: self.frame_secret.expose().to_vec(),
            card: self.card.encode(),
            audio: self.media.audio,
            video: self.media.video,
        }
        .encode_to_vec()
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let wire = Wire::decode(bytes).map_err(|_| Error::Malformed("offer"))?;
        Ok(Self {
            sdp: sdp::inflate(&wire.sdp)?,
            frame_secret: FrameSecret::from_wire(&wire.frame_secret)?,
            card: ContactCard::decode(&wire.card)?,
            media: MediaKinds { audio: wire.audio, video: wire.video },
        })
    }
}

impl fmt::Debug for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Offer({:?}, {} bytes of SDP)", self.media, self.sdp.len())
    }
}

#[derive(Clone, PartialEq, Message)]
struct Wire {
    #[prost(bytes = "vec", tag = "1")]
    sdp: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    frame_secret: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    card: Vec<u8>,
    #[prost(bool, tag = "4")]
    audio: bool,
    #[prost(bool, tag = "5")]
    video: bool,
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.frame_secret.zeroize();
    }
}
