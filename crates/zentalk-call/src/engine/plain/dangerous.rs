//! The one door through which a peer without frame encryption can be made.

use crate::engine::EngineConfig;

/// Proof that somebody asked for frames in clear. Only [`DangerousConfig::with_plain_frames`] makes it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlainFrames(());

impl EngineConfig {
    /// Settings that no call may have; feature `interop`.
    #[must_use]
    pub fn dangerous(self) -> DangerousConfig {
        DangerousConfig(self)
    }
}

/// Settings that no call may have; see [`EngineConfig::dangerous`].
#[derive(Clone, Debug)]
pub struct DangerousConfig(EngineConfig);

impl DangerousConfig {
    /// Leaves frames as the codecs make them, so that any WebRTC peer understands them. **For interop
    /// tests only.** What it gives up:
    ///
    /// - the encryption of media under keys that come through the ratchet. DTLS-SRTP alone protects
    ///   them, to the next hop: whoever relays media on the peer's side (an SFU) sees and hears them;
    /// - the post-quantum protection that the ratchet lends to media;
    /// - the proof of who the other side is. Descriptions come over a channel that nobody
    ///   authenticates, so that whoever can change a fingerprint there sits in the middle.
    ///
    /// What comes out is no [`EngineConfig`]: an [`Engine`](crate::engine::Engine) does not take it.
    #[must_use]
    pub fn with_plain_frames(self) -> PlainConfig {
        PlainConfig { config: self.0, proof: PlainFrames(()) }
    }
}

/// How a [`PlainPeer`](super::PlainPeer) is made. STUN servers in it are not asked: such a peer has host
/// candidates only.
#[derive(Clone, Debug)]
pub struct PlainConfig {
    pub(super) config: EngineConfig,
    pub(super) proof: PlainFrames,
}

#[cfg(test)]
impl PlainFrames {
    /// For tests beside the media.
    pub(crate) const fn for_test() -> Self {
        Self(())
    }
}
