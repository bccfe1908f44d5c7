use core::net::SocketAddr;

use zentalk_codec::Channels;
use zentalk_ice_nat as ice;

use crate::Error;

/// How a participant's calls are made.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct EngineConfig {
    /// STUN servers, for addresses as seen from outside.
    pub stun_servers: Vec<SocketAddr>,
    /// What media cost.
    pub media: MediaConfig,
    pub(super) dtls_seed: Option<u64>,
}

impl EngineConfig {
    /// Draws the randoms of DTLS handshakes and the jitter of their retransmissions from a seed, so that
    /// a simulated call goes the same way every time. **Anyone who guesses the seed predicts them**: never
    /// in a real call.
    #[must_use]
    pub fn dangerous_simulation(mut self, seed: u64) -> Self {
        self.dtls_seed = Some(seed);
        self
    }

    pub(super) fn ice(&self) -> Result<ice::Config, Error> {
        let add = |config: ice::Config, server: &SocketAddr| config.stun_server(*server);
        Ok(self.stun_servers.iter().try_fold(ice::Config::new(), add)?)
    }
}

/// What media cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MediaConfig {
    /// Mono or stereo.
    pub channels: Channels,
    /// Bits a second of sound: 6,000 to 510,000 (Opus).
    pub audio_bit_rate: u32,
    /// Bits a second of pictures.
    pub video_bit_rate: u32,
    /// Pictures a second that the application will give at most.
    pub video_frame_rate: u32,
}

impl Default for MediaConfig {
    /// Mono at 32 kbit/s, pictures at 1 Mbit/s and 30 a second.
    fn default() -> Self {
        Self {
            channels: Channels::Mono,
            audio_bit_rate: 32_000,
            video_bit_rate: 1_000_000,
            video_frame_rate: 30,
        }
    }
}
