use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use super::allocation::{Allocation, Relay};
use super::client::ClientId;

/// All allocations, and whose each relay socket is.
#[derive(Default)]
pub(super) struct Book {
    allocations: BTreeMap<ClientId, Allocation>,
    by_socket: BTreeMap<SocketAddr, ClientId>,
    /// From what peers see to the socket behind it.
    by_external: BTreeMap<SocketAddr, SocketAddr>,
}

impl Book {
    pub(super) fn get(&self, client: ClientId) -> Option<&Allocation> {
        self.allocations.get(&client)
    }

    pub(super) fn get_mut(&mut self, client: ClientId) -> Option<&mut Allocation> {
        self.allocations.get_mut(&client)
    }

    pub(super) fn insert(&mut self, client: ClientId, allocation: Allocation) {
        self.allocations.insert(client, allocation);
    }

    pub(super) fn remove(&mut self, client: ClientId) -> Option<Allocation> {
        let allocation = self.allocations.remove(&client)?;
        for relay in &allocation.relays {
            self.by_socket.remove(&relay.socket);
            self.by_external.remove(&relay.external);
        }
        Some(allocation)
    }

    /// Gives `client`'s allocation a relay socket.
    pub(super) fn add_relay(&mut self, client: ClientId, relay: Relay) {
        self.by_socket.insert(relay.socket, client);
        self.by_external.insert(relay.external, relay.socket);
        if let Some(allocation) = self.allocations.get_mut(&client) {
            allocation.relays.push(relay);
        }
    }

    /// Takes those relay sockets away from `client`'s allocation that are not to be kept.
    pub(super) fn take_relays(
        &mut self,
        client: ClientId,
        keep: impl Fn(&Relay) -> bool,
    ) -> Vec<SocketAddr> {
        let Some(allocation) = self.allocations.get_mut(&client) else { return Vec::new() };
        let gone: Vec<_> = allocation.relays.extract_if(.., |relay| !keep(relay)).collect();
        for relay in &gone {
            self.by_socket.remove(&relay.socket);
            self.by_external.remove(&relay.external);
        }
        gone.into_iter().map(|relay| relay.socket).collect()
    }

    /// The client behind a relay socket.
    pub(super) fn owner(&self, socket: SocketAddr) -> Option<ClientId> {
        self.by_socket.get(&socket).copied()
    }

    /// The relay socket of ours that peers see as `external`.
    pub(super) fn socket_behind(&self, external: SocketAddr) -> Option<SocketAddr> {
        self.by_external.get(&external).copied()
    }

    /// Whether peers see any relay socket of ours at `address`.
    pub(super) fn relays_at(&self, address: IpAddr) -> bool {
        let range = SocketAddr::new(address, 0)..=SocketAddr::new(address, u16::MAX);
        self.by_external.range(range).next().is_some()
    }
}
