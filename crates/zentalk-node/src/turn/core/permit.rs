//! CreatePermission and ChannelBind (RFC 8656 §10, §12.2).

use std::net::{IpAddr, SocketAddr};

use stun_types::message::Message;
use turn_types::attribute::ChannelNumber;
use zentalk_primitives::Instant;

use super::allocation::Allocation;
use super::attributes::{optional, peers};
use super::authenticate::Verified;
use super::client::Sender;
use super::refresh::check_unexpired;
use super::reply::{Head, Refusal};
use super::{AddressFamily, Answer, TurnServerCore};

impl TurnServerCore {
    pub(super) fn create_permission(
        &mut self,
        now: Instant,
        sender: &Sender,
        message: &Message<'_>,
        verified: &Verified,
    ) -> Result<Answer, Refusal> {
        let peers: Vec<_> = peers(message)?.iter().map(SocketAddr::ip).collect();
        let allocation = self.standing(sender)?;
        check_unexpired(now, verified)?;
        if peers.is_empty() {
            return Err(Refusal::BAD_REQUEST);
        }
        if !peers.iter().all(|peer| self.may_permit(*peer)) {
            return Err(Refusal::FORBIDDEN);
        }
        if !peers.iter().all(|peer| has_family(allocation, *peer)) {
            return Err(Refusal::FAMILY_MISMATCH);
        }
        let limits = self.config.limits;
        let allocation = self.book.get_mut(sender.id).ok_or(Refusal::MISMATCH)?;
        allocation.permit(now, &peers, &limits)?;
        Ok(Answer::Reply(Head::of(message).success()))
    }

    pub(super) fn channel_bind(
        &mut self,
        now: Instant,
        sender: &Sender,
        message: &Message<'_>,
        verified: &Verified,
    ) -> Result<Answer, Refusal> {
        let number = optional::<ChannelNumber>(message)?.ok_or(Refusal::BAD_REQUEST)?.channel();
        let peers = peers(message)?;
        let allocation = self.standing(sender)?;
        check_unexpired(now, verified)?;
        let ([peer], true) = (peers.as_slice(), CHANNELS.contains(&number)) else {
            return Err(Refusal::BAD_REQUEST);
        };
        if peer.port() == 0 {
            return Err(Refusal::BAD_REQUEST);
        }
        if !self.may_send(*peer) {
            return Err(Refusal::FORBIDDEN);
        }
        if !has_family(allocation, peer.ip()) {
            return Err(Refusal::FAMILY_MISMATCH);
        }
        let limits = self.config.limits;
        let allocation = self.book.get_mut(sender.id).ok_or(Refusal::MISMATCH)?;
        allocation.channels.check(now, number, *peer, limits.channels)?;
        allocation.permit(now, &[peer.ip()], &limits)?;
        allocation.channels.bind(now, number, *peer, limits.channels)?;
        Ok(Answer::Reply(Head::of(message).success()))
    }

    /// Whether a permission may be given for `peer`: the policy lets through, or a relayed address of ours or a socket that
    /// the operator named is there.
    fn may_permit(&self, peer: IpAddr) -> bool {
        self.policy_allows(peer)
            || self.book.relays_at(peer)
            || self.config.peers.has_named_socket(peer)
    }

    /// Whether to send to `peer`: as [`Self::may_permit`], but of the server's own addresses only relayed ones and named
    /// sockets.
    pub(super) fn may_send(&self, peer: SocketAddr) -> bool {
        peer.port() != 0
            && (self.policy_allows(peer.ip())
                || self.book.socket_behind(peer).is_some()
                || self.config.peers.is_named_socket(peer))
    }

    /// Whether to pass on what comes from `peer`: where one socket alone was named, the others there are not heard, either.
    pub(super) fn may_hear(&self, peer: SocketAddr) -> bool {
        let policy = &self.config.peers;
        !policy.has_named_socket(peer.ip()) || self.may_send(peer)
    }

    fn policy_allows(&self, peer: IpAddr) -> bool {
        let policy = &self.config.peers;
        policy.is_named(peer) || (policy.allows(peer) && !self.config.own.contains(&peer))
    }
}

fn has_family(allocation: &Allocation, peer: IpAddr) -> bool {
    allocation.relay(AddressFamily::of(peer)).is_some()
}

/// RFC 5766 §2.5. RFC 8656 §12 has only the first quarter of it, but its clients and older ones are served alike: what is above
/// that is kept free on a client's side, where it shares a port with other protocols, not here.
const CHANNELS: std::ops::RangeInclusive<u16> = 0x4000..=0x7fff;
