use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use zentalk_primitives::Secret;

use crate::turn::credentials::RestSecrets;
use crate::turn::peers::PeerPolicy;

use super::AddressFamily;

/// The realm of a TURN server: what its credentials are for (RFC 8489 §9.2). Usually its domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Realm(String);

impl Realm {
    /// The longest realm in bytes (RFC 8489 §14.9 allows 127 characters).
    pub const MAX_LEN: usize = 127;

    /// A realm of 1 to [`Realm::MAX_LEN`] printable ASCII characters without quotes and backslashes, which clients escape in
    /// different ways.
    ///
    /// # Errors
    /// [`InvalidRealm`] for anything else.
    pub fn new(realm: impl Into<String>) -> Result<Self, InvalidRealm> {
        let realm = realm.into();
        let plain = realm.bytes().all(|b| matches!(b, b' '..=b'~') && b != b'"' && b != b'\\');
        let fits = (1..=Self::MAX_LEN).contains(&realm.len());
        if plain && fits { Ok(Self(realm)) } else { Err(InvalidRealm) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Not a realm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a realm has 1 to 127 printable ASCII characters without quotes; use the server's domain")]
pub struct InvalidRealm;

/// What a [`TurnServerCore`](super::TurnServerCore) needs to know.
#[derive(Debug)]
pub struct CoreConfig {
    pub(super) realm: Realm,
    pub(super) secrets: RestSecrets,
    pub(super) nonce_key: Secret<32>,
    pub(super) peers: PeerPolicy,
    pub(super) limits: Limits,
    pub(super) families: Vec<AddressFamily>,
    pub(super) external: BTreeMap<IpAddr, IpAddr>,
    pub(super) own: BTreeSet<IpAddr>,
}

impl CoreConfig {
    /// A server that relays over IPv4 and IPv6 to public addresses, within the default [`Limits`]. `nonce_key` is 32 random
    /// bytes, fresh for each start.
    pub fn new(realm: Realm, secrets: RestSecrets, nonce_key: Secret<32>) -> Self {
        Self {
            realm,
            secrets,
            nonce_key,
            peers: PeerPolicy::default(),
            limits: Limits::default(),
            families: vec![AddressFamily::V4, AddressFamily::V6],
            external: BTreeMap::new(),
            own: BTreeSet::new(),
        }
    }

    /// To whom it relays.
    #[must_use]
    pub fn peers(mut self, peers: PeerPolicy) -> Self {
        self.peers = peers;
        self
    }

    /// How much of everything there may be.
    #[must_use]
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The families that relay sockets can have; requests for another are answered 440.
    #[must_use]
    pub fn families(mut self, families: impl IntoIterator<Item = AddressFamily>) -> Self {
        self.families = families.into_iter().collect();
        self
    }

    /// Relay sockets on the address `local` are reached from outside at `external`: one-to-one NAT, as clouds have it.
    #[must_use]
    pub fn external_address(mut self, local: IpAddr, external: IpAddr) -> Self {
        self.external.insert(local, external);
        self.own.extend([local, external]);
        self
    }

    /// Addresses of the server's own machine: nothing but its relayed addresses is a peer there.
    #[must_use]
    pub fn own_addresses(mut self, addresses: impl IntoIterator<Item = IpAddr>) -> Self {
        self.own.extend(addresses);
        self
    }
}

/// How much of everything a TURN server gives, in all and to each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Allocations in all; more are answered 508.
    pub allocations: u32,
    /// Allocations for one credential; more are answered 486 (RFC 8656 §7.2).
    pub allocations_per_credential: u32,
    /// Allocations for one client address (IPv6: for one /64); more are answered 486.
    pub allocations_per_address: u32,
    /// Permissions of an allocation; more are answered 508.
    pub permissions: usize,
    /// Channels of an allocation; more are answered 508.
    pub channels: usize,
    /// Bytes a second that an allocation relays, both directions together; the rest is dropped. A datagram counts for 64 at
    /// least.
    pub bytes_per_second: u64,
    /// TCP and TLS connections in all; more are closed.
    pub streams: u32,
    /// TCP and TLS connections of one client address (IPv6: of one /64); more are closed.
    pub streams_per_address: u32,
    /// Requests a second from one client address (IPv6: from one /64); more are dropped unanswered.
    pub requests_per_second: u32,
    /// How long an allocation lasts that is neither refreshed nor asked for longer.
    pub default_lifetime: Duration,
    /// The longest that an allocation lasts without a refresh.
    pub max_lifetime: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            allocations: 4_096,
            allocations_per_credential: 10,
            allocations_per_address: 64,
            permissions: 64,
            channels: 64,
            bytes_per_second: 1024 * 1024,
            streams: 4_096,
            streams_per_address: 64,
            requests_per_second: 64,
            default_lifetime: Duration::from_secs(600),
            max_lifetime: Duration::from_secs(3_600),
        }
    }
}
