use core::net::{IpAddr, SocketAddr};
use std::collections::{BTreeMap, VecDeque};

use super::limits::{MAX_ASKED, MAX_CHANNELS, MAX_PERMISSIONS, MAX_WAITING_FOR_PERMISSION};

/// What is wanted of the server for each peer, and what waits for it.
#[derive(Default)]
pub(super) struct Peers {
    permissions: BTreeMap<IpAddr, Grant>,
    channels: BTreeMap<SocketAddr, Grant>,
    waiting: VecDeque<(SocketAddr, Vec<u8>)>,
}

/// How far a permission or a channel is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grant {
    Wanted,
    Asked,
    Standing,
    /// For good: asked again, the server would say the same.
    Refused,
}

impl Peers {
    /// What a peer sends is wanted. Beyond the bound nothing happens.
    pub(super) fn permit(&mut self, peer: IpAddr) {
        if self.permissions.len() < MAX_PERMISSIONS {
            self.permissions.entry(peer).or_insert(Grant::Wanted);
        }
    }

    pub(super) fn bind_channel(&mut self, peer: SocketAddr) {
        self.permit(peer.ip());
        if self.channels.len() < MAX_CHANNELS {
            self.channels.entry(peer).or_insert(Grant::Wanted);
        }
    }

    pub(super) fn is_permitted(&self, peer: IpAddr) -> bool {
        self.permissions.get(&peer) == Some(&Grant::Standing)
    }

    /// Keeps a packet until there is a permission; the oldest gives way. Not for one that is refused.
    pub(super) fn wait(&mut self, peer: SocketAddr, payload: &[u8]) {
        let comes = |grant: &Grant| matches!(grant, Grant::Wanted | Grant::Asked);
        if !self.permissions.get(&peer.ip()).is_some_and(comes) {
            return;
        }
        if self.waiting.len() == MAX_WAITING_FOR_PERMISSION {
            self.waiting.pop_front();
        }
        self.waiting.push_back((peer, payload.to_vec()));
    }

    /// The next permission to ask for; few at a time.
    pub(super) fn next_permission(&self) -> Option<IpAddr> {
        let asked = self.permissions.values().filter(|grant| **grant == Grant::Asked).count();
        let wanted = self.permissions.iter().find(|(_, grant)| **grant == Grant::Wanted);
        wanted.map(|(peer, _)| *peer).filter(|_| asked < MAX_ASKED)
    }

    /// The next channel to ask for: of a peer that has a permission, without which a refusal leaves the library waiting for one.
    pub(super) fn next_channel(&self) -> Option<SocketAddr> {
        let mut wanted = self.channels.iter().filter(|(_, grant)| **grant == Grant::Wanted);
        wanted.find(|(peer, _)| self.is_permitted(peer.ip())).map(|(peer, _)| *peer)
    }

    pub(super) fn permission_asked(&mut self, peer: IpAddr) {
        self.set_permission(peer, Grant::Asked);
    }

    /// The packets that waited for it.
    pub(super) fn permission_stands(&mut self, peer: IpAddr) -> Vec<(SocketAddr, Vec<u8>)> {
        self.set_permission(peer, Grant::Standing);
        self.take_waiting(peer)
    }

    /// Nobody answered, or it was not refreshed in time: it is asked for again.
    pub(super) fn permission_lost(&mut self, peer: IpAddr) {
        if self.permissions.get(&peer).is_some_and(|grant| *grant != Grant::Refused) {
            self.set_permission(peer, Grant::Wanted);
        }
    }

    /// False if that was known.
    pub(super) fn permission_refused(&mut self, peer: IpAddr) -> bool {
        self.take_waiting(peer);
        let known = self.permissions.get(&peer) == Some(&Grant::Refused);
        self.set_permission(peer, Grant::Refused);
        !known
    }

    pub(super) fn channel_asked(&mut self, peer: SocketAddr) {
        self.set_channel(peer, Grant::Asked);
    }

    pub(super) fn channel_stands(&mut self, peer: SocketAddr) {
        self.set_channel(peer, Grant::Standing);
    }

    pub(super) fn channel_lost(&mut self, peer: SocketAddr) {
        if self.channels.get(&peer).is_some_and(|grant| *grant != Grant::Refused) {
            self.set_channel(peer, Grant::Wanted);
        }
    }

    /// Its packets go in Send indications.
    pub(super) fn channel_refused(&mut self, peer: SocketAddr) {
        self.set_channel(peer, Grant::Refused);
    }

    fn take_waiting(&mut self, peer: IpAddr) -> Vec<(SocketAddr, Vec<u8>)> {
        let (taken, rest) = self.waiting.drain(..).partition(|(to, _)| to.ip() == peer);
        self.waiting = rest;
        taken.into()
    }

    fn set_permission(&mut self, peer: IpAddr, grant: Grant) {
        if let Some(known) = self.permissions.get_mut(&peer) {
            *known = grant;
        }
    }

    fn set_channel(&mut self, peer: SocketAddr, grant: Grant) {
        if let Some(known) = self.channels.get_mut(&peer) {
            *known = grant;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(host: u8) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, host], 9))
    }

    #[test]
    fn packets_wait_and_the_oldest_gives_way() {
        let mut peers = Peers::default();
        peers.wait(peer(1), b"nobody asked for a permission");
        peers.permit(peer(1).ip());
        peers.permit(peer(2).ip());
        for number in 0..=MAX_WAITING_FOR_PERMISSION {
            peers.wait(peer(1 + u8::from(number == 3)), &[u8::try_from(number).unwrap()]);
        }
        let sent = peers.permission_stands(peer(1).ip());
        assert_eq!(sent.len(), MAX_WAITING_FOR_PERMISSION - 1);
        assert_eq!(sent[0], (peer(1), vec![1]));
        assert_eq!(peers.permission_stands(peer(2).ip()), [(peer(2), vec![3])]);
    }

    #[test]
    fn refused_peer_is_not_asked_for_again_and_nothing_waits_for_it() {
        let mut peers = Peers::default();
        peers.permit(peer(1).ip());
        peers.wait(peer(1), b"waits");
        assert!(peers.permission_refused(peer(1).ip()));
        assert!(!peers.permission_refused(peer(1).ip()));
        peers.permission_lost(peer(1).ip());
        peers.permit(peer(1).ip());
        peers.wait(peer(1), b"does not");
        assert_eq!(peers.next_permission(), None);
        assert_eq!(peers.waiting.len(), 0);
    }

    #[test]
    fn few_permissions_are_asked_for_at_a_time_and_all_are_bounded() {
        let mut peers = Peers::default();
        for host in 0..=255 {
            peers.bind_channel(peer(host));
        }
        assert_eq!(
            (peers.permissions.len(), peers.channels.len()),
            (MAX_PERMISSIONS, MAX_CHANNELS)
        );
        let mut asked = 0;
        while let Some(ip) = peers.next_permission() {
            peers.permission_asked(ip);
            asked += 1;
        }
        assert_eq!(asked, MAX_ASKED);
    }

    #[test]
    fn channel_waits_for_the_permission() {
        let mut peers = Peers::default();
        peers.bind_channel(peer(1));
        assert_eq!(peers.next_channel(), None);
        peers.permission_stands(peer(1).ip());
        assert_eq!(peers.next_channel(), Some(peer(1)));
    }
}
