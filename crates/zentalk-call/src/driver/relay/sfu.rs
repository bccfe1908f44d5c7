use std::fmt;
use std::time::Duration;

use zentalk_onion_relay::frames;

/// A relay's SFUs, and a token that all of them take for a while.
///
/// It is a bearer token: whoever has it can enter the room in the participant's place until it runs out. It names nobody.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SfuGrant {
    /// What the SFU is shown.
    pub token: Vec<u8>,
    /// How long it is valid from when the answer came.
    pub lifetime: Duration,
    /// 1 to 4 `wss://` or `ws://` URLs, the one to begin with first.
    pub servers: Vec<String>,
}

impl SfuGrant {
    /// `None` if the relay has no SFUs.
    pub(super) fn from_frame(frame: frames::SfuGrant) -> Option<Self> {
        let has_some = !frame.is_none();
        let frames::SfuGrant { token, lifetime, servers, .. } = frame;
        has_some.then_some(Self { token, lifetime, servers })
    }
}

impl fmt::Debug for SfuGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SfuGrant({} servers, {} s)", self.servers.len(), self.lifetime.as_secs())
    }
}
