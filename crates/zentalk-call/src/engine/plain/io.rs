//! What goes into a plain peer and what comes out of it.

use core::fmt;
use core::net::SocketAddr;

use zentalk_codec::{AudioFrame, AudioSource};
use zentalk_primitives::{Instant, Transmit};
use zentalk_session_description::MediaKind;

use crate::engine::{PathInfo, Picture, Security};

/// What happened outside.
#[non_exhaustive]
pub enum PlainInput {
    /// A datagram arrived at one of the local sockets.
    Datagram {
        /// The address of the socket.
        local: SocketAddr,
        /// Where it came from.
        remote: SocketAddr,
        /// Its bytes; media is opened in place.
        payload: Vec<u8>,
    },
}

/// Prints sizes only.
impl fmt::Debug for PlainInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Datagram { payload, .. } => write!(f, "Datagram({} bytes)", payload.len()),
        }
    }
}

/// What to do next, from [`PlainPeer::poll_output`](super::PlainPeer::poll_output).
#[derive(Debug)]
#[non_exhaustive]
pub enum PlainOutput {
    /// Send this datagram.
    Transmit(Transmit),
    /// Something happened.
    Event(PlainEvent),
    /// Nothing more for now: call `handle_timeout` at this time, or never if there is none.
    Timeout(Option<Instant>),
}

/// What happened.
#[derive(Debug)]
#[non_exhaustive]
pub enum PlainEvent {
    /// The state changed.
    State(PlainState),
    /// Packets take this path from now on.
    Path(PathInfo),
    /// DTLS is done and the peer's certificate is the announced one; media run.
    Secured(Security),
    /// 20 ms of the peer's sound, in order of play.
    Audio {
        /// The sound.
        frame: AudioFrame,
        /// Whether it was decoded or made up.
        source: AudioSource,
    },
    /// A picture of the peer's.
    Video(Picture),
}

/// How far a plain peer is, in the words of W3C's `RTCPeerConnectionState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlainState {
    /// Descriptions are not complete.
    New,
    /// ICE and DTLS run.
    Connecting,
    /// Media can be sent.
    Connected,
    /// Consent to send expired, or nothing came for five seconds. Packets that come lead back.
    Disconnected,
    /// No path, no handshake, or the wrong certificate: it is over.
    Failed,
    /// This side closed.
    Closed,
}

impl fmt::Display for PlainState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::New => "new",
            Self::Connecting => "connecting",
            Self::Connected => "connected",
            Self::Disconnected => "disconnected",
            Self::Failed => "failed",
            Self::Closed => "closed",
        })
    }
}

/// What a plain peer offers. Its answers take whatever of it is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlainMedia {
    /// Sound.
    Audio,
    /// Pictures.
    Video,
    /// Both.
    AudioVideo,
}

impl PlainMedia {
    pub(super) const fn sections(self) -> &'static [MediaKind] {
        match self {
            Self::Audio => &[MediaKind::Audio],
            Self::Video => &[MediaKind::Video],
            Self::AudioVideo => &[MediaKind::Audio, MediaKind::Video],
        }
    }
}

/// What two descriptions agreed on for one medium.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AgreedMedium {
    /// `audio` or `video`.
    pub kind: &'static str,
    /// The codec, and `rtx` if retransmissions have a stream of their own.
    pub codecs: Vec<String>,
    /// Whether this side sends.
    pub sends: bool,
    /// Whether the peer sends.
    pub receives: bool,
}
