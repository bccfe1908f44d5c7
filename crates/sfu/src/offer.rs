use core::fmt;

use zentalk_dtls_fingerprint::{LocalFingerprint, RemoteFingerprints};
use zentalk_primitives::ParticipantId;
use zeroize::Zeroizing;

use crate::limits::{MAX_ENCODINGS, MAX_REMOTE_UFRAG, MAX_SLOTS, MAX_UPLINKS, PASSWORD_RANGE};
use crate::{Label, ParticipantKey, Refusal};

/// What a participant brings: the part of its session description that the core needs. Whoever serves the control channel translates.
#[derive(Clone)]
pub struct ParticipantOffer {
    /// Its ICE username fragment.
    pub ufrag: String,
    /// Its ICE password: it is asked whether it receives where its checks come from.
    pub password: Zeroizing<String>,
    /// The fingerprints that its DTLS certificate must have one of.
    pub fingerprints: RemoteFingerprints,
    /// What it sends, at most one of each medium.
    pub uplinks: Vec<Uplink>,
    /// Where it can receive, in the order in which the answer names them.
    pub slots: Vec<SlotOffer>,
    /// The numbers of its header extensions, for both directions.
    pub extensions: ExtensionIds,
    /// The numbers of its payload formats, for both directions.
    pub payload_types: PayloadTypes,
}

impl ParticipantOffer {
    /// Checks what [`Sfu::join`](crate::Sfu::join) relies on.
    ///
    /// # Errors
    /// [`Refusal::Offer`] with the name of what is wrong.
    pub fn check(&self) -> Result<(), Refusal> {
        let ids = self.extensions.all();
        let encodings = || self.uplinks.iter().flat_map(|uplink| &uplink.encodings);
        let sources = encodings().flat_map(|encoding| [encoding.ssrc, encoding.rtx_ssrc]);
        let sources: Vec<u32> = sources.flatten().collect();
        let mids = self.uplinks.iter().map(|uplink| uplink.mid);
        let mids: Vec<Label> = mids.chain(self.slots.iter().map(|slot| slot.mid)).collect();
        let media: Vec<Medium> = self.uplinks.iter().map(|uplink| uplink.medium).collect();
        let rids = |uplink: &Uplink| {
            uplink.encodings.iter().filter_map(|encoding| encoding.rid).collect::<Vec<_>>()
        };
        let checks = [
            ("ufrag", (4..=MAX_REMOTE_UFRAG).contains(&self.ufrag.len())),
            ("password", PASSWORD_RANGE.contains(&self.password.len())),
            ("uplinks", media.len() <= MAX_UPLINKS && all_differ(&media)),
            ("slots", self.slots.len() <= MAX_SLOTS),
            ("mids", all_differ(&mids)),
            ("sources", all_differ(&sources)),
            ("encodings", self.uplinks.iter().all(Uplink::is_well_formed)),
            ("rids", self.uplinks.iter().all(|uplink| all_differ(&rids(uplink)))),
            ("extension ids", ids.iter().all(|id| (1..=14).contains(id)) && all_differ(&ids)),
            ("payload types", self.payload_types.are_well_formed()),
        ];
        match checks.into_iter().find(|(_, fits)| !fits) {
            Some((name, _)) => Err(Refusal::Offer(name)),
            None => Ok(()),
        }
    }
}

/// Prints counts only: ufrags and fingerprints do not belong in logs.
impl fmt::Debug for ParticipantOffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParticipantOffer")
            .field("uplinks", &self.uplinks.len())
            .field("slots", &self.slots.len())
            .finish_non_exhaustive()
    }
}

/// What flows in a section of a description.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Medium {
    /// Opus at 48 kHz.
    Audio,
    /// VP8 at 90 kHz.
    Video,
}

impl Medium {
    /// Units of RTP time in a second.
    pub const fn clock_rate(self) -> u32 {
        match self {
            Self::Audio => 48_000,
            Self::Video => 90_000,
        }
    }
}

/// One medium that a participant sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uplink {
    /// Its section.
    pub mid: Label,
    /// What it is.
    pub medium: Medium,
    /// Its encodings, the smallest first: one, or for video up to three (simulcast, RFC 8853).
    pub encodings: Vec<Encoding>,
}

impl Uplink {
    /// A source can be known by its number, by its `rid`, or because there is no other encoding.
    fn is_well_formed(&self) -> bool {
        let most = if self.medium == Medium::Audio { 1 } else { MAX_ENCODINGS };
        let is_known = |encoding: &Encoding| encoding.ssrc.is_some() || encoding.rid.is_some();
        (1..=most).contains(&self.encodings.len())
            && (self.encodings.len() == 1 || self.encodings.iter().all(is_known))
    }
}

/// One encoding of a medium: a layer of simulcast, or all there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Encoding {
    /// Its `rid` (RFC 8851), if it has one.
    pub rid: Option<Label>,
    /// Its source, if the description names it; otherwise it is learned from the first packet with its `mid` and `rid`.
    pub ssrc: Option<u32>,
    /// The source of its retransmissions (RFC 4588), if the description names it; otherwise learned by `repaired-rid`.
    pub rtx_ssrc: Option<u32>,
}

/// A section in which a participant can receive somebody's medium.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotOffer {
    /// Its section.
    pub mid: Label,
    /// What it can carry.
    pub medium: Medium,
}

/// The numbers of header extensions (RFC 8285), 1 to 14; none where the participant does not know the extension.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExtensionIds {
    /// `urn:ietf:params:rtp-hdrext:sdes:mid` (RFC 9143).
    pub mid: Option<u8>,
    /// Transport-wide congestion control (draft-holmer-rmcat-transport-wide-cc-extensions-01).
    pub transport_cc: Option<u8>,
    /// `urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id` (RFC 8852).
    pub rid: Option<u8>,
    /// `urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id` (RFC 8852).
    pub repaired_rid: Option<u8>,
}

impl ExtensionIds {
    fn all(&self) -> Vec<u8> {
        [self.mid, self.transport_cc, self.rid, self.repaired_rid].into_iter().flatten().collect()
    }
}

/// The numbers of payload formats, 0 to 127.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayloadTypes {
    /// Opus.
    pub audio: u8,
    /// VP8.
    pub video: u8,
    /// Retransmissions of VP8 (RFC 4588); without it what a receiver misses is sent again as it was.
    pub video_rtx: Option<u8>,
}

impl PayloadTypes {
    fn are_well_formed(&self) -> bool {
        let all: Vec<u8> = [self.audio, self.video].into_iter().chain(self.video_rtx).collect();
        all.iter().all(|number| *number < 128) && all_differ(&all)
    }
}

/// What the server answers to one who may join.
pub struct ParticipantAnswer {
    /// Names the participant in calls and events from now on.
    pub key: ParticipantKey,
    /// Our ICE username fragment towards it.
    pub ufrag: String,
    /// Our ICE password towards it.
    pub password: Zeroizing<String>,
    /// The fingerprint of our DTLS certificate; we are passive.
    pub fingerprint: LocalFingerprint,
    /// The sources of its slots, in the order of the offer, fixed for the session.
    pub slots: Vec<SlotAnswer>,
    /// Who else is in the room.
    pub present: Vec<ParticipantId>,
}

/// Prints counts only: credentials do not belong in logs.
impl fmt::Debug for ParticipantAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParticipantAnswer")
            .field("slots", &self.slots.len())
            .field("present", &self.present.len())
            .finish_non_exhaustive()
    }
}

/// What we send in a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotAnswer {
    /// Its section.
    pub mid: Label,
    /// The source of what it carries, whoever's it is.
    pub ssrc: u32,
    /// The source of retransmissions; video only, and only where [`PayloadTypes::video_rtx`] is known.
    pub rtx_ssrc: Option<u32>,
}

/// What a participant wants to receive in one slot. A slot without a wish stays empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// The slot.
    pub mid: Label,
    /// Whose medium. Somebody who is not here yet is received from when they come.
    pub participant: ParticipantId,
    /// Which one: the slot's.
    pub medium: Medium,
    /// The best layer wanted: 0 the smallest, 2 the largest. What is received also depends on what the path carries.
    pub max_layer: u8,
}

fn all_differ<T: PartialEq>(items: &[T]) -> bool {
    items.iter().enumerate().all(|(at, item)| !items.iter().skip(at + 1).any(|other| other == item))
}
