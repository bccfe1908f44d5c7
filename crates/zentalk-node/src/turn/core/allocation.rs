use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use stun_types::message::TransactionId;
use zentalk_primitives::Instant;

use super::integrity::LongTermKey;
use super::reply::Refusal;
use super::{AddressFamily, Limits};
use crate::pacing::Bucket;

/// What a client has: up to one relayed address of each family, with permissions and channels (RFC 8656 §3.2).
pub(super) struct Allocation {
    /// Who may change it, until when.
    pub(super) credential: Credential,
    /// Whose quota it counts against, besides the credential's.
    pub(super) source: IpAddr,
    /// The request that made it. Its retransmissions get the same answer (RFC 8656 §7.2).
    pub(super) created_by: TransactionId,
    /// That answer; `None` while the relay sockets are being opened.
    pub(super) answer: Option<Vec<u8>>,
    pub(super) relays: Vec<Relay>,
    pub(super) permissions: BTreeMap<IpAddr, Instant>,
    pub(super) channels: Channels,
    pub(super) budget: Bucket,
    /// When it is looked at next, as the engine's list of deadlines has it.
    pub(super) due: Instant,
}

/// A credential that was proven.
pub(super) struct Credential {
    pub(super) username: String,
    pub(super) key: LongTermKey,
    pub(super) expires: Instant,
}

/// A relayed transport address.
pub(super) struct Relay {
    /// The socket's own address.
    pub(super) socket: SocketAddr,
    /// The address that peers see.
    pub(super) external: SocketAddr,
    pub(super) expires: Instant,
}

/// RFC 8656 §9: five minutes, whatever is done with it in between.
const PERMISSION_LIFETIME: Duration = Duration::from_secs(300);
/// RFC 8656 §12.
const CHANNEL_LIFETIME: Duration = Duration::from_secs(600);

impl Allocation {
    pub(super) fn relay(&self, family: AddressFamily) -> Option<&Relay> {
        self.relays.iter().find(|relay| AddressFamily::of(relay.socket.ip()) == family)
    }

    /// Lets these peers send to the client: all of them, or none.
    pub(super) fn permit(
        &mut self,
        now: Instant,
        peers: &[IpAddr],
        limits: &Limits,
    ) -> Result<(), Refusal> {
        let fresh = peers.iter().filter(|peer| !self.permissions.contains_key(peer)).count();
        if self.permissions.len().saturating_add(fresh) > limits.permissions {
            self.permissions.retain(|_, expires| *expires > now);
        }
        let fresh = peers.iter().filter(|peer| !self.permissions.contains_key(peer)).count();
        if self.permissions.len().saturating_add(fresh) > limits.permissions {
            return Err(Refusal::NO_CAPACITY);
        }
        self.permissions.extend(peers.iter().map(|peer| (*peer, now + PERMISSION_LIFETIME)));
        Ok(())
    }

    pub(super) fn permits(&self, now: Instant, peer: IpAddr) -> bool {
        self.permissions.get(&peer).is_some_and(|expires| *expires > now)
    }

    /// Takes away what belongs to relayed addresses that are gone.
    pub(super) fn forget_family(&mut self, family: AddressFamily) {
        self.permissions.retain(|peer, _| AddressFamily::of(*peer) != family);
        self.channels.forget_family(family);
    }

    /// When the first of its relayed addresses expires.
    pub(super) fn next_expiry(&self) -> Option<Instant> {
        self.relays.iter().map(|relay| relay.expires).min()
    }
}

/// Channels of an allocation: numbers bound to peers, one to one (RFC 8656 §12).
#[derive(Default)]
pub(super) struct Channels {
    by_number: BTreeMap<u16, (SocketAddr, Instant)>,
    by_peer: BTreeMap<SocketAddr, u16>,
}

impl Channels {
    /// Binds `number` to `peer`, or refreshes the binding.
    pub(super) fn bind(
        &mut self,
        now: Instant,
        number: u16,
        peer: SocketAddr,
        limit: usize,
    ) -> Result<(), Refusal> {
        self.check(now, number, peer, limit)?;
        self.by_number.insert(number, (peer, now + CHANNEL_LIFETIME));
        self.by_peer.insert(peer, number);
        Ok(())
    }

    /// Whether `number` can be bound to `peer`: neither is bound to another.
    pub(super) fn check(
        &mut self,
        now: Instant,
        number: u16,
        peer: SocketAddr,
        limit: usize,
    ) -> Result<(), Refusal> {
        self.by_number.retain(|_, (_, expires)| *expires > now);
        let by_number = &self.by_number;
        self.by_peer.retain(|_, number| by_number.contains_key(number));
        match (self.by_number.get(&number), self.by_peer.get(&peer)) {
            (Some((bound, _)), _) if *bound != peer => Err(Refusal::BAD_REQUEST),
            (_, Some(bound)) if *bound != number => Err(Refusal::BAD_REQUEST),
            (None, _) if self.by_number.len() >= limit => Err(Refusal::NO_CAPACITY),
            _ => Ok(()),
        }
    }

    pub(super) fn peer(&self, now: Instant, number: u16) -> Option<SocketAddr> {
        let (peer, expires) = self.by_number.get(&number)?;
        (*expires > now).then_some(*peer)
    }

    pub(super) fn number(&self, now: Instant, peer: SocketAddr) -> Option<u16> {
        let number = *self.by_peer.get(&peer)?;
        self.peer(now, number).map(|_| number)
    }

    fn forget_family(&mut self, family: AddressFamily) {
        self.by_number.retain(|_, (peer, _)| AddressFamily::of(peer.ip()) != family);
        self.by_peer.retain(|peer, _| AddressFamily::of(peer.ip()) != family);
    }
}
