//! What a relay hands out of SFUs: where they are, and tokens for them.

mod error;
mod file;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use zentalk_onion_relay::frames::SfuGrant;
use zentalk_onion_relay::{Error, Frame};
use zentalk_primitives::{ParticipantId, RoomId, UnixTime};
use zentalk_sfu_control::limits::MAX_TOKEN_LIFETIME;
use zentalk_sfu_control::{TokenClaims, TokenSigner};

pub use error::{SfuTokenConfigError, SfuTokenConfigProblem};

/// The SFUs that a relay hands out tokens for, and the key that signs them.
#[derive(Clone)]
pub struct SfuTokenConfig {
    signer: Arc<TokenSigner>,
    lifetime: Duration,
    urls: Vec<String>,
}

impl SfuTokenConfig {
    /// How long a token is valid unless the operator says otherwise: members renew theirs at half of it.
    pub const DEFAULT_LIFETIME: Duration = Duration::from_secs(600);

    /// The shortest: less would run out while somebody joins.
    pub const MIN_LIFETIME: Duration = Duration::from_secs(60);

    /// Tokens that are valid for `lifetime`, held to a minute and an hour, at the SFUs with these URLs, the one that is to be
    /// tried first in front.
    ///
    /// # Errors
    /// [`SfuTokenConfigProblem::Urls`] unless there are 1 to 4 `wss://` or `ws://` URLs of at most 256 bytes.
    pub fn new(
        signer: TokenSigner,
        lifetime: Duration,
        urls: Vec<String>,
    ) -> Result<Self, SfuTokenConfigProblem> {
        let lifetime = lifetime.clamp(Self::MIN_LIFETIME, MAX_TOKEN_LIFETIME);
        // What a grant takes is judged where grants are.
        let any = SfuGrant { request: 0, token: vec![0], lifetime, servers: urls.clone() };
        Frame::SfuGrant(any).encode().map_err(|_| SfuTokenConfigProblem::Urls)?;
        Ok(Self { signer: Arc::new(signer), lifetime, urls })
    }

    /// Reads a TOML file; `zentalk-node relay --help` shows one.
    ///
    /// # Errors
    /// [`SfuTokenConfigError`] with the line and what to write there.
    pub fn read(path: &Path) -> Result<Self, SfuTokenConfigError> {
        file::read(path)
    }

    /// What the SFUs must be configured with.
    pub fn public_key(&self) -> [u8; 32] {
        self.signer.public_key()
    }

    /// The answer to a request.
    pub(super) fn grant(
        &self,
        request: u64,
        room: RoomId,
        participant: ParticipantId,
        now: UnixTime,
    ) -> Result<SfuGrant, Error> {
        let claims = TokenClaims { room, participant, expires: now + self.lifetime };
        let token = self.signer.sign(&claims).map_err(|_| Error::Signing)?;
        let (lifetime, servers) = (self.lifetime, self.urls.clone());
        Ok(SfuGrant { request, token: token.into_bytes(), lifetime, servers })
    }
}

impl fmt::Debug for SfuTokenConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SfuTokenConfig({} SFUs, {} s)", self.urls.len(), self.lifetime.as_secs())
    }
}
