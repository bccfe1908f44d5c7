use std::fmt;
use std::time::Duration;

use zentalk_onion_relay::frames::{self, TurnPassword, TurnServerEntry};

/// A relay's TURN servers, and the credentials that all of them take for a while.
///
/// They are bearer tokens: whoever has them can relay through these servers until they run out. They name nobody.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TurnGrant {
    /// The long-term username (RFC 8656 §5).
    pub username: String,
    /// The long-term password.
    pub password: TurnPassword,
    /// How long both are valid from when the answer came.
    pub lifetime: Duration,
    /// 1 to 16, in no order.
    pub servers: Vec<TurnServerEntry>,
}

impl TurnGrant {
    /// `None` if the relay has no TURN servers.
    pub(super) fn from_frame(frame: frames::TurnGrant) -> Option<Self> {
        let has_some = !frame.is_none();
        let frames::TurnGrant { username, password, lifetime, servers, .. } = frame;
        has_some.then_some(Self { username, password, lifetime, servers })
    }
}

impl fmt::Debug for TurnGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TurnGrant({} servers, {} s)", self.servers.len(), self.lifetime.as_secs())
    }
}
