//! Who runs the TURN servers, and gives out credentials for them.

use core::net::{IpAddr, SocketAddr};
use core::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use zentalk_call::engine::TurnGrant;
use zentalk_ice_nat::turn::TurnCredentials;
use zentalk_node::turn::credentials::{DEFAULT_LIFETIME, RestSecret, RestSecrets};
use zentalk_primitives::{Secret, UnixTime};
use zeroize::Zeroizing;

use super::host::{TurnHost, TurnSite};
use crate::network::{Network, PipeId};

/// The operator of all TURN servers.
pub struct Operator {
    /// The servers.
    pub hosts: Vec<TurnHost>,
    /// How those are answered who ask for credentials.
    pub grants: Grants,
    /// How long credentials are valid.
    pub lifetime: Duration,
    /// How often somebody was given credentials.
    pub given: u32,
    /// The usernames and passwords of all of them.
    pub issued: Vec<String>,
    rng: ChaCha20Rng,
}

/// What comes of asking for credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grants {
    /// Credentials that work.
    Good,
    /// Credentials made with another secret.
    Forged,
    /// Credentials that expired long ago.
    Expired,
    /// Nothing.
    None,
}

const SECRET: &[u8] = b"shared by relay and TURN servers";
const OTHER_SECRET: &[u8] = b"known to nobody but its inventor";

impl Operator {
    pub(crate) fn new(seed: u64) -> Self {
        let (hosts, grants, lifetime, given) = (Vec::new(), Grants::Good, DEFAULT_LIFETIME, 0);
        let issued = Vec::new();
        Self { hosts, grants, lifetime, given, issued, rng: ChaCha20Rng::seed_from_u64(seed) }
    }

    /// Puts up a server.
    pub(crate) fn put_up(&mut self, site: TurnSite, network: &mut Network) {
        let number = u8::try_from(self.hosts.len()).unwrap_or_default();
        let keys = (secrets(SECRET), Secret::random(&mut self.rng));
        self.hosts.push(TurnHost::new(number, site, keys, network));
    }

    /// The server that has this address.
    pub(crate) fn host_at(&mut self, address: IpAddr) -> Option<&mut TurnHost> {
        self.hosts.iter_mut().find(|host| host.addresses().contains(&address))
    }

    /// The server that this connection leads to.
    pub(crate) fn host_of(&mut self, pipe: PipeId) -> Option<&mut TurnHost> {
        self.hosts.iter_mut().find(|host| host.serves(pipe))
    }

    /// Whether this is an address of a TURN server, of whatever port.
    pub fn owns(&self, address: IpAddr) -> bool {
        self.hosts.iter().any(|host| host.addresses().contains(&address))
    }

    /// Where STUN is answered.
    pub fn stun(&self) -> Vec<SocketAddr> {
        self.hosts.iter().flat_map(TurnHost::stun).collect()
    }

    /// Fresh credentials and all servers, for whoever asks.
    pub(crate) fn grant(&mut self, now: UnixTime) -> Option<TurnGrant> {
        if self.hosts.is_empty() {
            return None;
        }
        self.given += 1;
        let (secret, now) = match self.grants {
            Grants::Good => (SECRET, now),
            Grants::Forged => (OTHER_SECRET, now),
            Grants::Expired => (SECRET, UnixTime::from_millis(now.as_millis() - A_WEEK)),
            Grants::None => return None,
        };
        let issued = secrets(secret).issue(now, self.lifetime, &mut self.rng);
        self.issued.extend([issued.username.clone(), issued.password.to_string()]);
        let servers = self.hosts.iter().map(TurnHost::entry).collect();
        let credentials = TurnCredentials::new(issued.username, issued.password);
        Some(TurnGrant::new(servers, credentials, issued.lifetime))
    }
}

const A_WEEK: u64 = 7 * 24 * 3_600_000;

#[allow(clippy::expect_used)] // The secrets of tests have a length that is allowed.
fn secrets(secret: &[u8]) -> RestSecrets {
    let secret = RestSecret::new(Zeroizing::new(secret.to_vec()));
    RestSecrets::new(secret.expect("a secret of the right length"), None)
}
