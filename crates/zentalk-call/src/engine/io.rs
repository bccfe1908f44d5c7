//! What goes into the engine and what comes out of it.

use core::fmt;
use core::net::SocketAddr;
use core::time::Duration;

use zentalk_call_fsm::{EndReason, PublicState};
use zentalk_codec::{AudioFrame, AudioSource, VideoFrame};
use zentalk_primitives::{CallId, Instant, MailboxId, Transmit};
use zentalk_session_description::MediaKind;

use super::stats::{CallStats, PathInfo, Security};
use zentalk_signaling_ratchet::{ContactCard, IdentityPublic};

/// What happened outside.
#[non_exhaustive]
pub enum Input {
    /// A datagram arrived at one of the local sockets.
    Datagram {
        /// The address of the socket.
        local: SocketAddr,
        /// Where it came from.
        remote: SocketAddr,
        /// Its bytes; media is opened in place.
        payload: Vec<u8>,
    },
    /// The relay delivered a blob. [`Output::Acknowledge`] follows when it may be forgotten there.
    Delivery {
        /// The relay's number for it.
        sequence: u64,
        /// The blob.
        blob: Vec<u8>,
        /// How long it waited at the relay, by the relay's clock.
        queued: Duration,
    },
    /// The answer to [`Output::FetchPrekeys`].
    Prekeys {
        /// Whose were asked for.
        mailbox: MailboxId,
        /// The bundle and perhaps a one-time prekey; nothing if the relay had none or could not be reached.
        found: Option<FetchedPrekeys>,
    },
    /// Whether one's own prekeys lie at one's own relay: the answer to [`Output::PublishPrekeys`], or
    /// the news that the relay has lost them. What is missing there is published again.
    OwnPrekeys {
        /// Whether they do.
        published: bool,
    },
    /// An [`Output::Put`] could not be left at its relay.
    Undeliverable {
        /// The call that it was about.
        call: CallId,
    },
}

/// What the relay of a mailbox gave out.
#[derive(Clone, Debug)]
pub struct FetchedPrekeys {
    /// The signed bundle.
    pub bundle: Vec<u8>,
    /// A one-time prekey, while there are any.
    pub one_time: Option<Vec<u8>>,
}

/// Prints the kind and sizes only.
impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Datagram { payload, .. } => write!(f, "Datagram({} bytes)", payload.len()),
            Self::Delivery { blob, .. } => write!(f, "Delivery({} bytes)", blob.len()),
            Self::Prekeys { found, .. } => write!(f, "Prekeys(found: {})", found.is_some()),
            Self::OwnPrekeys { published } => write!(f, "OwnPrekeys(published: {published})"),
            Self::Undeliverable { .. } => f.write_str("Undeliverable"),
        }
    }
}

/// What to do next, from [`Engine::poll_output`](super::Engine::poll_output). The order matters.
#[non_exhaustive]
pub enum Output {
    /// Send this datagram.
    Transmit(Transmit),
    /// Save this snapshot durably **before** acting on any later output. It is encrypted.
    Commit(Vec<u8>),
    /// Put this blob into a mailbox.
    Put(Put),
    /// The relay may forget this delivery.
    Acknowledge(u64),
    /// Ask a mailbox's relay for its prekeys, and answer with [`Input::Prekeys`].
    FetchPrekeys {
        /// The relay's URL.
        relay: String,
        /// The mailbox.
        mailbox: MailboxId,
    },
    /// Replace one's own prekeys at one's own relay, and answer with [`Input::OwnPrekeys`].
    PublishPrekeys {
        /// The signed bundle.
        bundle: Vec<u8>,
        /// One-time prekeys, each to be given out once.
        one_time: Vec<Vec<u8>>,
    },
    /// Something happened that the application wants to know.
    Event(Event),
    /// Nothing more for now: call `handle_timeout` at this time, or never if there is none.
    Timeout(Option<Instant>),
}

/// A blob on its way to somebody's mailbox.
pub struct Put {
    /// The call that it is about.
    pub call: CallId,
    /// The URL of the relay that keeps the mailbox.
    pub relay: String,
    /// The mailbox.
    pub mailbox: MailboxId,
    /// The sealed message.
    pub blob: Vec<u8>,
    /// After this time nobody needs it any more.
    pub time_to_live: Duration,
}

/// Prints the kind and sizes only.
impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transmit(transmit) => transmit.fmt(f),
            Self::Commit(snapshot) => write!(f, "Commit({} bytes)", snapshot.len()),
            Self::Put(put) => write!(f, "Put({} bytes)", put.blob.len()),
            Self::Acknowledge(sequence) => write!(f, "Acknowledge({sequence})"),
            Self::FetchPrekeys { .. } => f.write_str("FetchPrekeys"),
            Self::PublishPrekeys { .. } => f.write_str("PublishPrekeys"),
            Self::Event(event) => event.fmt(f),
            Self::Timeout(at) => write!(f, "Timeout({at:?})"),
        }
    }
}

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
    /// 20 ms of the other side's sound, in order of play. Comes every 20 ms once sound flows.
    Audio {
        /// Which call.
        call: CallId,
        /// The sound; its timestamp counts samples at 48 kHz and wraps.
        frame: AudioFrame,
        /// Whether it was decoded, or made up because nothing arrived in time.
        source: AudioSource,
    },
    /// A picture of the other side.
    Video {
        /// Which call.
        call: CallId,
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
