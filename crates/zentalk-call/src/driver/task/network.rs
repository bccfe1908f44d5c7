//! Between the engine and the network.

use super::Task;
use crate::driver::courier::Job;
use crate::driver::error::DriverError;
use crate::driver::network::{NetworkEvent, Received};
use crate::engine::{Input, Output};

impl Task {
    /// Opens the sockets for a call, unless they are open.
    pub(super) async fn open_sockets(&mut self) -> Result<(), DriverError> {
        for (address, mapped) in self.network.open().await? {
            self.engine.add_socket(self.clock.now(), address, mapped)?;
        }
        Ok(())
    }

    /// Returns whether there were any.
    pub(super) async fn close_sockets(&mut self) -> bool {
        let closed = self.network.close().await;
        for address in &closed {
            self.engine.remove_socket(self.clock.now(), *address);
        }
        !closed.is_empty()
    }

    /// Does what the engine wants of the network. Gives back what is not about it.
    pub(super) async fn reach_out(&mut self, output: Output) -> Option<Output> {
        match output {
            Output::Transmit(transmit) => self.network.send(&transmit),
            Output::Stream(stream) => self.network.stream(stream),
            Output::PrepareNetwork => {
                // It only rings so far: who accepts is told of the same error.
                if let Err(error) = self.open_sockets().await {
                    tracing::warn!(kind = ?error.kind(), "no network to prepare a call on");
                }
            }
            Output::OpenSocket { interface } => {
                if let Some(address) = self.network.open_another(interface).await {
                    self.add_socket(address);
                }
            }
            Output::FetchTurn => self.turn.fetch(),
            Output::Sfu(output) => self.sfu.perform(output),
            Output::FetchSfu { relay, room, participant } => {
                self.sfu.fetch(relay, room, participant);
            }
            Output::ResolveName { name } => self.network.resolve(name),
            Output::PublishName { name, address } => self.network.publish(name, address),
            other => return Some(other),
        }
        None
    }

    pub(super) async fn handle_network(&mut self, event: NetworkEvent) {
        let input = match event {
            NetworkEvent::Datagram(Received { local, remote, payload }) => {
                Input::Datagram { local, remote, payload }
            }
            NetworkEvent::Stream(stream) => Input::Stream(stream),
            NetworkEvent::Resolved(resolved) => match resolved.address {
                Some(address) => Input::NameResolved { name: resolved.name, address },
                None => return,
            },
            NetworkEvent::Changed => return self.change_network().await,
            NetworkEvent::Rebind => return self.follow_addresses().await,
        };
        self.engine.handle_input(self.clock.now(), input);
    }

    /// Addresses came or went. Connections from those that went are dead, though nothing says so.
    async fn change_network(&mut self) {
        tracing::info!("the network changed");
        self.turn.forget();
        // The courier reports why it has ended, if it has.
        let _ = self.jobs.send(Job::NetworkChanged);
        self.network.forget_tries();
        self.follow_addresses().await;
    }

    /// Exchanges the sockets of a call that goes on, and makes it look for its path anew if there was anything to exchange.
    async fn follow_addresses(&mut self) {
        let Some(changed) = self.network.follow().await else { return };
        for address in &changed.gone {
            self.engine.remove_socket(self.clock.now(), *address);
        }
        for address in &changed.new {
            self.add_socket(*address);
        }
        if !(changed.gone.is_empty() && changed.new.is_empty()) {
            self.engine.network_changed(self.clock.now());
        }
    }

    fn add_socket(&mut self, address: std::net::SocketAddr) {
        // Their number is bounded where they are opened; one that ICE cannot use is left alone.
        if self.engine.add_socket(self.clock.now(), address, None).is_err() {
            tracing::debug!("a socket cannot be used");
        }
    }
}
