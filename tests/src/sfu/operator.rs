use core::net::SocketAddr;
use core::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use zentalk_call::engine::SfuGrant;
use zentalk_primitives::{ParticipantId, RoomId, Secret, UnixTime};
use zentalk_sfu_control::{TokenClaims, TokenSigner, TokenVerifier};

use super::evil::EvilSfu;
use super::host::SfuHost;
use crate::network::Network;

/// Who runs the forwarding servers, and whose relay gives out tokens for them.
pub struct SfuOperator {
    /// The servers.
    pub hosts: Vec<SfuHost>,
    /// How long tokens are good.
    pub lifetime: Duration,
    /// How many tokens were given out.
    pub given: u32,
    signer: TokenSigner,
    seed: u64,
}

impl SfuOperator {
    #[allow(clippy::expect_used)] // Any 32 bytes are a key.
    pub(crate) fn new(seed: u64) -> Self {
        let signer = TokenSigner::from_seed(Secret::new([0x5f; 32])).expect("a signing key");
        let lifetime = Duration::from_secs(600);
        Self { hosts: Vec::new(), lifetime, given: 0, signer, seed }
    }

    /// Puts up a server.
    pub(crate) fn put_up(&mut self, now: UnixTime, network: &mut Network) {
        let (number, tokens, rng) = self.next();
        self.hosts.push(SfuHost::new(number, tokens, now, rng, network));
    }

    /// Puts up a server that means harm.
    pub(crate) fn put_up_evil(&mut self, now: UnixTime, network: &mut Network) {
        let (number, tokens, rng) = self.next();
        self.hosts.push(SfuHost::evil(number, tokens, now, rng, network));
    }

    #[allow(clippy::expect_used)]
    fn next(&self) -> (u8, TokenVerifier, ChaCha20Rng) {
        let number = u8::try_from(self.hosts.len()).unwrap_or_default();
        let verifier = TokenVerifier::new(vec![self.signer.public_key()]).expect("a key");
        let rng = ChaCha20Rng::seed_from_u64(self.seed ^ (0x5f << 8) ^ u64::from(number));
        (number, verifier, rng)
    }

    /// The first server that means harm.
    ///
    /// # Panics
    /// If there is none.
    #[allow(clippy::expect_used)]
    pub fn evil(&mut self) -> &mut EvilSfu {
        self.hosts.iter_mut().find_map(SfuHost::as_evil).expect("an evil server")
    }

    /// The server that takes media here.
    pub(crate) fn host_at(&mut self, address: SocketAddr) -> Option<&mut SfuHost> {
        self.hosts.iter_mut().find(|host| host.address == address)
    }

    /// The server whose control channel this is.
    pub(crate) fn host_of(&mut self, url: &str) -> Option<&mut SfuHost> {
        self.hosts.iter_mut().find(|host| host.url == url)
    }

    /// A token for whoever knows the name of a room.
    pub(crate) fn grant(
        &mut self,
        now: UnixTime,
        (room, participant): (RoomId, ParticipantId),
    ) -> Option<SfuGrant> {
        if self.hosts.is_empty() {
            return None;
        }
        let claims = TokenClaims { room, participant, expires: now + self.lifetime };
        let token = self.signer.sign(&claims).ok()?;
        self.given += 1;
        let servers = self.hosts.iter().map(|host| host.url.clone()).collect();
        Some(SfuGrant::new(token.as_bytes().to_vec(), self.lifetime, servers))
    }
}
