//! What a relay hands out of TURN: its servers, and credentials for them.

mod error;
mod file;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rand_core::CryptoRng;
use zentalk_onion_relay::Frame;
use zentalk_onion_relay::frames::{TurnGrant, TurnPassword, TurnServerEntry};
use zentalk_primitives::UnixTime;

use crate::turn::credentials::{MAX_LIFETIME, MIN_LIFETIME, RestSecrets};

pub use error::{TurnConfigError, TurnConfigProblem};

/// The TURN servers of a relay, and the secrets that it shares with them.
#[derive(Clone)]
pub struct TurnConfig {
    secrets: Arc<RestSecrets>,
    lifetime: Duration,
    servers: Vec<TurnServerEntry>,
}

impl TurnConfig {
    /// Credentials that are valid for `lifetime`, held to a minute and a day, at these servers.
    ///
    /// # Errors
    /// [`TurnConfigProblem::Servers`] unless there are 1 to 16 servers, each with a DNS name or an IP address and a port.
    pub fn new(
        secrets: RestSecrets,
        lifetime: Duration,
        servers: Vec<TurnServerEntry>,
    ) -> Result<Self, TurnConfigProblem> {
        let lifetime = lifetime.clamp(MIN_LIFETIME, MAX_LIFETIME);
        let config = Self { secrets: Arc::new(secrets), lifetime, servers };
        // What a grant takes is judged where grants are.
        let any = TurnGrant {
            request: 0,
            username: "any".into(),
            password: TurnPassword::new(String::from("any").into()),
            lifetime,
            servers: config.servers.clone(),
        };
        Frame::TurnGrant(any).encode().map_err(|_| TurnConfigProblem::Servers)?;
        Ok(config)
    }

    /// Reads a TOML file; `zentalk-node relay --help` shows one.
    ///
    /// # Errors
    /// [`TurnConfigError`] with the line and what to write there.
    pub fn read(path: &Path) -> Result<Self, TurnConfigError> {
        file::read(path)
    }

    /// The answer to a request.
    pub(super) fn grant(&self, request: u64, now: UnixTime, rng: &mut impl CryptoRng) -> TurnGrant {
        let issued = self.secrets.issue(now, self.lifetime, rng);
        TurnGrant {
            request,
            username: issued.username,
            password: TurnPassword::new(issued.password),
            lifetime: issued.lifetime,
            servers: self.servers.clone(),
        }
    }
}

impl fmt::Debug for TurnConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TurnConfig({} servers, {} s)", self.servers.len(), self.lifetime.as_secs())
    }
}
