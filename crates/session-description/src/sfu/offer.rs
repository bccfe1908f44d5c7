use crate::offer::{offering, section};
use crate::{
    Capabilities, CodecCapability, Direction, Error, LocalMedia, LocalSession, MediaKind,
    MediaSection, Offer, SessionDescription, Simulcast, Source, uri,
};

use super::{MAX_SFU_SLOTS, SFU_RIDS, SfuAgreed, SfuExtensions, SfuSlot, SfuUplink};

/// What a participant offers an SFU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SfuOffer {
    pub(super) offer: Offer,
    pub(super) agreed: SfuAgreed,
}

/// What this participant would send, and how much it can receive.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SfuLocal {
    audio: Source,
    video: Option<[Source; 3]>,
    slots: usize,
}

impl SfuLocal {
    /// Sends audio from one source, and can receive the media of `slots` others, at most
    /// [`MAX_SFU_SLOTS`].
    pub const fn new(audio: Source, slots: usize) -> Self {
        Self { audio, video: None, slots }
    }

    /// Sends and receives video, too: one source for each of [`SFU_RIDS`].
    #[must_use]
    pub fn with_video(mut self, layers: [Source; 3]) -> Self {
        self.video = Some(layers);
        self
    }
}

impl SfuOffer {
    /// Offers audio in `mid` 0, video in layers in `mid` 1, and for slot `k` (from 0) audio in
    /// `2 + 2k` and video in `3 + 2k`. Without video its sections are left out and the names of the
    /// others stay.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidLocalParameter`] for more than [`MAX_SFU_SLOTS`], or a name that cannot be
    /// written.
    pub fn new(session: LocalSession, local: &SfuLocal) -> Result<Self, Error> {
        if local.slots > MAX_SFU_SLOTS {
            return Err(Error::InvalidLocalParameter);
        }
        let capabilities = capabilities();
        let one = |mid: usize, media: LocalMedia, direction| {
            section(&mid.to_string(), &media.with_direction(direction), &capabilities)
        };
        let audio = LocalMedia::audio().with_source(local.audio.clone());
        let mut sections = vec![one(0, audio, Direction::SendOnly)?];
        if let Some(layers) = &local.video {
            let video = layers.iter().cloned().fold(LocalMedia::video(), LocalMedia::with_source);
            let mut section = one(1, video, Direction::SendOnly)?;
            section.simulcast = Some(Simulcast::sending(&SFU_RIDS));
            sections.push(section);
        }
        for slot in 0..local.slots {
            sections.push(one(2 + 2 * slot, LocalMedia::audio(), Direction::RecvOnly)?);
            if local.video.is_some() {
                sections.push(one(3 + 2 * slot, LocalMedia::video(), Direction::RecvOnly)?);
            }
        }
        Self::of(offering(session, sections))
    }

    /// Reads a participant's offer. Of each kind the first section that it sends in is an uplink;
    /// those that it only receives in are slots. Everything else is answered with a rejection.
    ///
    /// # Errors
    ///
    /// As [`Offer::parse`]; [`Error::NothingInCommon`] if there is neither an uplink nor a slot,
    /// [`Error::TooMany`] for more layers than [`MAX_SFU_LAYERS`](super::MAX_SFU_LAYERS),
    /// [`Error::MalformedMid`] for a name that does not fit into a packet's header extension.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Self::of(Offer::parse(text)?)
    }

    fn of(offer: Offer) -> Result<Self, Error> {
        let capabilities = capabilities();
        let mut agreed = SfuAgreed {
            uplinks: Vec::new(),
            slots: Vec::new(),
            extensions: SfuExtensions::default(),
        };
        for offered in offer.description().media() {
            match role(offered, &agreed.uplinks) {
                Some(Role::Uplink) => {
                    agreed.uplinks.extend(
                        taken(offered, &capabilities).map(|s| SfuUplink::of(&s)).transpose()?,
                    );
                }
                Some(Role::Slot) => {
                    agreed.slots.extend(
                        taken(offered, &capabilities).map(|s| SfuSlot::of(&s)).transpose()?,
                    );
                }
                None => {}
            }
        }
        if agreed.uplinks.is_empty() && agreed.slots.is_empty() {
            return Err(Error::NothingInCommon);
        }
        let names = |section: &&MediaSection| agreed.names(section.mid());
        let sections: Vec<_> = offer.description().media().iter().filter(names).collect();
        if sections.iter().any(|section| section.mid().len() > MAX_EXTENSION_BYTES) {
            return Err(Error::MalformedMid);
        }
        agreed.extensions = SfuExtensions::of(&sections);
        Ok(Self { offer, agreed })
    }

    /// What it says.
    pub const fn description(&self) -> &SessionDescription {
        self.offer.description()
    }

    /// The media that the participant would send.
    pub fn uplinks(&self) -> &[SfuUplink] {
        &self.agreed.uplinks
    }

    /// Where it can receive.
    pub fn slots(&self) -> &[SfuSlot] {
        &self.agreed.slots
    }

    /// The header extensions.
    pub const fn extensions(&self) -> SfuExtensions {
        self.agreed.extensions
    }

    /// The text.
    pub fn to_sdp(&self) -> String {
        self.offer.to_sdp()
    }
}

/// What an SFU makes of a section.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Uplink,
    Slot,
}

fn role(section: &MediaSection, uplinks: &[SfuUplink]) -> Option<Role> {
    if section.rejected || section.kind == MediaKind::Other {
        return None;
    }
    match (section.direction.sends(), section.direction.receives()) {
        (true, _) => {
            uplinks.iter().all(|uplink| uplink.kind != section.kind).then_some(Role::Uplink)
        }
        (false, true) => Some(Role::Slot),
        (false, false) => None,
    }
}

/// The section with the codecs that an SFU takes, if there is one.
fn taken(offered: &MediaSection, capabilities: &Capabilities) -> Option<MediaSection> {
    let codecs = offered.codecs.iter();
    let codecs: Vec<_> =
        codecs.filter_map(|codec| capabilities.answer(offered.kind, codec)).collect();
    (!codecs.is_empty()).then(|| MediaSection { codecs, ..offered.clone() })
}

impl SfuAgreed {
    /// Whether the section of this name carries media.
    pub(super) fn names(&self, mid: &str) -> bool {
        self.uplinks.iter().any(|uplink| uplink.mid == mid)
            || self.slots.iter().any(|slot| slot.mid == mid)
    }
}

/// What crosses an SFU: it reads VP8's payload descriptor to tell layers and keyframes apart
/// (RFC 7741), and knows no other.
pub(super) fn capabilities() -> Capabilities {
    Capabilities::new(&[CodecCapability::OPUS, CodecCapability::VP8]).with_extensions(&[
        uri::MID,
        uri::TRANSPORT_CC,
        uri::RID,
        uri::REPAIRED_RID,
    ])
}

/// What the one-byte form holds (RFC 8285 §4.2).
const MAX_EXTENSION_BYTES: usize = 16;
