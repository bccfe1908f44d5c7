//! What an application is told.

use core::fmt;

use zentalk_call_fsm::{EndReason, PublicState};
use zentalk_codec::{AudioFrame, AudioSource, VideoFrame};
use zentalk_group_keys::ShortAuthenticationString;
use zentalk_primitives::CallId;
use zentalk_session_description::MediaKind;
use zentalk_signaling_ratchet::{ContactCard, IdentityPublic};

use super::group::{EpochCause, Member, MemberState, SfuState, Track, TrackState, Unverified};
use super::path::PathInfo;
use super::stats::{CallStats, Security};

/// What an application is told.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// Somebody calls. Accept with [`Engine::accept`](super::Engine::accept).
    Incoming(Box<Ring>),
    /// The call's state, or what is known of it, changed.
    State {
        /// Which call.
        call: CallId,
        /// One of the specification's six.
        state: PublicState,
        /// What more there is to say, for a user.
        detail: Option<String>,
    },
    /// Packets take this path from now on.
    Path {
        /// Which call.
        call: CallId,
        /// The path.
        path: PathInfo,
    },
    /// DTLS is done, the fingerprint is verified, frames are sealed.
    Secured {
        /// Which call.
        call: CallId,
        /// How it is protected.
        security: Security,
    },
    /// 20 ms of a member's sound, in order of play. Comes every 20 ms once sound flows.
    Audio {
        /// Which call.
        call: CallId,
        /// Whose: a member's index. In a call of two the caller's is 0 and the callee's 1, unless it was a group call before:
        /// then both keep theirs.
        from: u8,
        /// The sound; its timestamp counts samples at 48 kHz and wraps.
        frame: AudioFrame,
        /// Whether it was decoded, or made up because nothing arrived in time.
        source: AudioSource,
    },
    /// A picture of a member's.
    Video {
        /// Which call.
        call: CallId,
        /// Whose: a member's index. In a call of two the caller's is 0 and the callee's 1, unless it was a group call before:
        /// then both keep theirs.
        from: u8,
        /// The picture.
        picture: Picture,
    },
    /// How the call does, once a second.
    Quality {
        /// Which call.
        call: CallId,
        /// Counters and rates.
        stats: CallStats,
    },
    /// Something that the user must be told.
    Warning {
        /// Which call.
        call: CallId,
        /// What.
        warning: zentalk_call_fsm::Warning,
    },
    /// Both sides called each other at once. This side's call gives way to the other side's, which the
    /// user has accepted by placing theirs: it goes on under another name.
    Replaced {
        /// The call that was placed here.
        call: CallId,
        /// The one that goes on.
        by: CallId,
    },
    /// Something is new of a member of a group call.
    Member {
        /// Which call.
        call: CallId,
        /// Who.
        member: Box<Member>,
        /// What they do now.
        state: MemberState,
    },
    /// Something is new of a microphone or a camera of a member of a group call. Nothing is said of one that is on and arrives from
    /// the beginning, nor of a member that is [`Stale`](MemberState::Stale) as a whole.
    Track {
        /// Which call.
        call: CallId,
        /// Whose.
        member: Box<Member>,
        /// Which of its media.
        track: Track,
        /// How it stands with it now.
        state: TrackState,
    },
    /// A group call's frames are sealed under new keys from now on.
    Epoch {
        /// Which call.
        call: CallId,
        /// Its number; the first is 1.
        epoch: u32,
        /// Why there is a new one.
        cause: EpochCause,
    },
    /// Another member of a group call speaks, or nobody does.
    Speaker {
        /// Which call.
        call: CallId,
        /// Their index.
        member: Option<u8>,
    },
    /// What all members see or read alike, unless somebody stands between them. Comes again with every
    /// change of the members.
    Verification {
        /// Which call.
        call: CallId,
        /// To be compared by the people, aloud or by sight.
        sas: ShortAuthenticationString,
    },
    /// There is no string to compare for the present members: tell the user that nobody can be sure yet who takes part. With another
    /// change of the members it is tried again, and may end in [`Event::Verification`].
    Unverified {
        /// Which call.
        call: CallId,
        /// Whose doing it is, if it is one member's: their index.
        member: Option<u8>,
        /// Why.
        cause: Unverified,
    },
    /// What carries a group call's media. After [`SfuState::Left`] the call is one of two, over the path that
    /// [`Event::Path`] tells; nobody has left who was in it.
    Sfu {
        /// Which call.
        call: CallId,
        /// The server's URL.
        url: String,
        /// How this side stands with it.
        state: SfuState,
    },
    /// The call is over. Nothing follows.
    Ended {
        /// Which call.
        call: CallId,
        /// Why.
        reason: EndReason,
    },
}

impl Event {
    /// The call that it is about.
    pub fn call(&self) -> CallId {
        match self {
            Self::Incoming(ring) => ring.call,
            Self::State { call, .. }
            | Self::Path { call, .. }
            | Self::Secured { call, .. }
            | Self::Audio { call, .. }
            | Self::Video { call, .. }
            | Self::Quality { call, .. }
            | Self::Warning { call, .. }
            | Self::Replaced { call, .. }
            | Self::Member { call, .. }
            | Self::Track { call, .. }
            | Self::Epoch { call, .. }
            | Self::Speaker { call, .. }
            | Self::Verification { call, .. }
            | Self::Unverified { call, .. }
            | Self::Sfu { call, .. }
            | Self::Ended { call, .. } => *call,
        }
    }

    /// Whether it is one of many, so that one may be lost: sound, a picture, a report.
    pub fn is_media(&self) -> bool {
        matches!(self, Self::Audio { .. } | Self::Video { .. } | Self::Quality { .. })
    }
}

/// A call that rings.
#[derive(Clone)]
#[non_exhaustive]
pub struct Ring {
    /// Which call.
    pub call: CallId,
    /// Who calls, as the ratchet session proves it.
    pub from: IdentityPublic,
    /// Their card, which came with the offer; a call of a later version has none.
    pub card: Option<ContactCard>,
    /// What they offer to send.
    pub media: Media,
    /// Who is in the call already, the caller first; nothing if it is a call of two.
    pub group: Option<Vec<Member>>,
    /// They use a later version: tell the user that an update is needed.
    pub update_needed: bool,
}

/// Prints the call only: identities do not belong in logs.
impl fmt::Debug for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ring({:?}, {:?}, update needed: {})", self.call, self.media, self.update_needed)
    }
}

/// What a call carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Media {
    /// Sound.
    Audio,
    /// Sound and pictures.
    AudioVideo,
}

impl Media {
    /// Whether pictures are part of it.
    pub const fn has_video(self) -> bool {
        matches!(self, Self::AudioVideo)
    }

    /// The media sections of its descriptions, in order.
    pub(super) const fn sections(self) -> &'static [MediaKind] {
        match self {
            Self::Audio => &[MediaKind::Audio],
            Self::AudioVideo => &[MediaKind::Audio, MediaKind::Video],
        }
    }
}

/// A picture as it arrived.
#[derive(Debug)]
#[non_exhaustive]
pub struct Picture {
    /// The decoded picture; its timestamp is RTP's (90 kHz, wraps).
    pub frame: VideoFrame,
    /// The VP8 frame it was decoded from, for those who record.
    pub encoded: Vec<u8>,
    /// Whether it can be decoded by itself.
    pub keyframe: bool,
}
