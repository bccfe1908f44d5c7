//! What passes between the engine and a forwarding server's control channel.

use core::fmt;
use core::time::Duration;

use zeroize::Zeroizing;

/// Permission to enter one room of a forwarding server (SFU), from the relay that its operator trusts.
///
/// The token names nobody: a room, a participant, both made for one call, and an expiry.
#[derive(Clone)]
pub struct SfuGrant {
    /// The signed token.
    pub token: Zeroizing<Vec<u8>>,
    /// How long the token is good, from now.
    pub lifetime: Duration,
    /// `wss://` URLs of the servers that take it, in the order in which they are to be tried.
    pub servers: Vec<String>,
}

impl SfuGrant {
    /// A token that is good for `lifetime`, and who takes it.
    pub fn new(token: Vec<u8>, lifetime: Duration, servers: Vec<String>) -> Self {
        Self { token: Zeroizing::new(token), lifetime, servers }
    }
}

/// Prints the lifetime and the number of servers only.
impl fmt::Debug for SfuGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SfuGrant({} servers, {:?})", self.servers.len(), self.lifetime)
    }
}

/// What to do with a control connection: one WebSocket, one frame for each binary message.
#[non_exhaustive]
pub enum SfuOutput {
    /// Open one. [`SfuInput::Connected`] or [`SfuInput::Closed`] follows.
    Connect {
        /// The engine's number for it; never used twice.
        link: u64,
        /// The server's URL.
        url: String,
    },
    /// Send this.
    Send {
        /// Over which.
        link: u64,
        /// The frame. The first one holds a secret.
        frame: Zeroizing<Vec<u8>>,
    },
    /// Close it. Nothing more is expected of it; [`SfuInput::Closed`] may or may not follow.
    Close {
        /// Which.
        link: u64,
    },
}

/// What happened to a control connection.
#[non_exhaustive]
pub enum SfuInput {
    /// It is open.
    Connected {
        /// Which.
        link: u64,
    },
    /// A frame came.
    Frame {
        /// Over which.
        link: u64,
        /// The frame.
        frame: Vec<u8>,
    },
    /// It could not be opened, or is gone. To be told at once: the media of a call wait for it.
    Closed {
        /// Which.
        link: u64,
    },
}

/// Prints kinds and sizes only: URLs are addresses.
impl fmt::Debug for SfuOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect { link, .. } => write!(f, "Connect(link {link})"),
            Self::Send { link, frame } => write!(f, "Send(link {link}, {} bytes)", frame.len()),
            Self::Close { link } => write!(f, "Close(link {link})"),
        }
    }
}

/// Prints kinds and sizes only.
impl fmt::Debug for SfuInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connected { link } => write!(f, "Connected(link {link})"),
            Self::Frame { link, frame } => write!(f, "Frame(link {link}, {} bytes)", frame.len()),
            Self::Closed { link } => write!(f, "Closed(link {link})"),
        }
    }
}

/// How this side stands with the server that carries a group call's media.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SfuState {
    /// Being connected to.
    Connecting,
    /// Carries the media.
    Connected,
    /// Was lost, or could not be reached; the next one is tried.
    Lost,
    /// Was left: two are left in the call, and have a path of their own.
    Left,
}
