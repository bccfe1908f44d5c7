use core::net::SocketAddr;
use std::sync::Arc;

use zentalk_codec::{Channels, OpusConfig};
use zentalk_ice_nat as ice;
use zentalk_ice_nat::relays::Location;
use zentalk_ice_nat::turn::TlsTrust;

use super::turn::TurnGrant;
use crate::Error;

/// How a participant's calls are made.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct EngineConfig {
    /// STUN servers, for addresses as seen from outside. Not asked under [`Privacy::RelayOnly`].
    pub stun_servers: Vec<SocketAddr>,
    /// TURN servers with lasting credentials, for who has some. Without it the engine asks one's own
    /// relay, by [`Output::FetchTurn`](super::Output::FetchTurn).
    pub turn: Option<Arc<TurnGrant>>,
    /// Which certificates TURN servers may have; without it those that browsers trust.
    pub tls_trust: Option<TlsTrust>,
    /// Where this side is, for the choice of a TURN server before one was measured. It is told to nobody.
    pub location: Option<Location>,
    /// Who may learn this side's addresses.
    pub privacy: Privacy,
    /// Whether addresses on the local network are told by random names, which only machines on the same
    /// network resolve (multicast DNS). No effect under [`Privacy::RelayOnly`], which tells none at all.
    pub hide_host_addresses: bool,
    /// What media cost.
    pub media: MediaConfig,
    pub(super) dtls_seed: Option<u64>,
}

/// Who may learn this side's addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Privacy {
    /// The other side, once this side's user has placed or accepted the call; until then only relays carry packets.
    #[default]
    Direct,
    /// No other side: every packet of a call goes to a TURN server, and no STUN server is asked. This machine connects to one's own
    /// relay and to those of people whom the user calls, accepts, declines or invites; in a group call also to the
    /// forwarding servers that one's own relay names. A group call that another relay keeps cannot be accepted
    /// ([`Error::ForeignRelay`]), and a call of two does not grow into one.
    RelayOnly,
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

    pub(super) fn trust(&self) -> Result<TlsTrust, Error> {
        Ok(self.tls_trust.clone().map_or_else(TlsTrust::web_pki, Ok)?)
    }

    pub(super) fn ice(&self) -> Result<ice::Config, Error> {
        let config = match self.privacy {
            Privacy::RelayOnly => {
                return Ok(ice::Config::new().policy(ice::CandidatePolicy::RelayOnly));
            }
            Privacy::Direct => ice::Config::new().hide_host_addresses(self.hide_host_addresses),
        };
        let add = |config: ice::Config, server: &SocketAddr| config.stun_server(*server);
        Ok(self.stun_servers.iter().try_fold(config, add)?)
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

impl MediaConfig {
    /// How sound is encoded.
    pub(super) fn opus(&self) -> Result<OpusConfig, Error> {
        let opus = OpusConfig::default().channels(self.channels).bit_rate(self.audio_bit_rate)?;
        Ok(opus.fec(true))
    }
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
