use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use zentalk_primitives::Transmit;

use super::Network;
use super::interfaces::{LocalAddress, links};
use super::names::{Names, Resolved};
use super::sockets::{Changed, QUEUE, Received, Sockets};
use super::streams::Streams;
use super::watch::Watch;
use crate::driver::clock::Clock;
use crate::driver::error::DriverError;
use crate::engine::{StreamInput, StreamOutput};

/// Everything through which calls touch the network: nothing is open while there is no call.
pub(in crate::driver) struct NetworkIo {
    network: Network,
    clock: Clock,
    sockets: Option<Sockets>,
    datagrams: (mpsc::Sender<Received>, mpsc::Receiver<Received>),
    streams: Streams,
    /// There once a call needs names.
    names: Option<Names>,
    watch: Watch,
    /// When to try addresses again that could not be bound, and how often.
    rebind: Option<(Instant, u32)>,
}

/// What came from the network.
pub(in crate::driver) enum NetworkEvent {
    Datagram(Received),
    Stream(StreamInput),
    Resolved(Resolved),
    /// Addresses came or went: [`NetworkIo::follow`] is due.
    Changed,
    /// An address that was new may be usable by now: [`NetworkIo::follow`] is due.
    Rebind,
}

/// Between two tries to bind an address that is new.
const REBIND_INTERVAL: Duration = Duration::from_millis(500);
/// How often that is tried. Making sure that an IPv6 address is nobody else's takes one to two seconds (RFC 4862 §5.4).
const REBIND_TRIES: u32 = 8;

impl NetworkIo {
    pub(in crate::driver) fn new(network: Network, clock: Clock) -> Self {
        let watch = Watch::start(&network);
        Self {
            network,
            clock,
            sockets: None,
            datagrams: mpsc::channel(QUEUE),
            streams: Streams::new(),
            names: None,
            watch,
            rebind: None,
        }
    }

    /// Opens the sockets, unless they are open. Returns those that are new.
    pub(in crate::driver) async fn open(&mut self) -> Result<Vec<LocalAddress>, DriverError> {
        if self.sockets.is_some() {
            return Ok(Vec::new());
        }
        let sockets = Sockets::open(&self.network, &self.datagrams.0).await?;
        Ok(self.sockets.insert(sockets).addresses().collect())
    }

    /// Closes everything. Returns the addresses of the sockets, which are free now.
    pub(in crate::driver) async fn close(&mut self) -> Vec<SocketAddr> {
        self.rebind = None;
        self.names = None;
        self.streams.close_all();
        let Some(sockets) = self.sockets.take() else { return Vec::new() };
        let addresses = sockets.addresses().map(|(local, _)| local).collect();
        sockets.close().await;
        addresses
    }

    /// As [`NetworkIo::close`], and waits for what is still to be written.
    pub(in crate::driver) async fn finish(mut self) {
        self.close().await;
        self.streams.finish().await;
    }

    /// Opens sockets on addresses that came, and closes those on addresses that went; none of it while nothing is open.
    pub(in crate::driver) async fn follow(&mut self) -> Option<Changed> {
        let sockets = self.sockets.as_mut()?;
        let changed = match sockets.follow(&self.network, &self.datagrams.0).await {
            Ok(changed) => changed,
            Err(error) => {
                tracing::warn!(kind = ?error.kind(), "the interfaces cannot be followed");
                return None;
            }
        };
        let tried = self.rebind.map_or(0, |(_, tried)| tried);
        let again = changed.incomplete && tried < REBIND_TRIES;
        self.rebind = again.then(|| (Instant::now() + REBIND_INTERVAL, tried + 1));
        if let Some(names) = &self.names {
            names.set_links(links(&self.local_ips()));
        }
        Some(changed)
    }

    /// Opens one more socket on an address that has some.
    pub(in crate::driver) async fn open_another(&mut self, address: IpAddr) -> Option<SocketAddr> {
        self.sockets.as_mut()?.open_another(address, &self.datagrams.0).await
    }

    pub(in crate::driver) fn send(&self, transmit: &Transmit) {
        if let Some(sockets) = &self.sockets {
            sockets.send(transmit);
        }
    }

    pub(in crate::driver) fn stream(&mut self, output: StreamOutput) {
        self.streams.handle(output);
    }

    pub(in crate::driver) fn publish(&mut self, name: String, address: IpAddr) {
        self.names().publish(name, address);
    }

    pub(in crate::driver) fn resolve(&mut self, name: String) {
        self.names().resolve(name);
    }

    /// What happens next. Cancel-safe.
    pub(in crate::driver) async fn next(&mut self) -> NetworkEvent {
        let rebind_at = self.rebind.map(|(at, _)| at);
        tokio::select! {
            Some(datagram) = self.datagrams.1.recv() => NetworkEvent::Datagram(datagram),
            input = self.streams.next() => NetworkEvent::Stream(input),
            Some(resolved) = next_name(&mut self.names) => NetworkEvent::Resolved(resolved),
            () = self.watch.changed() => NetworkEvent::Changed,
            () = sleep_until(rebind_at.unwrap_or_else(Instant::now)), if rebind_at.is_some() => {
                NetworkEvent::Rebind
            }
        }
    }

    /// A change is news for addresses that were given up, too.
    pub(in crate::driver) fn forget_tries(&mut self) {
        self.rebind = None;
    }

    fn names(&mut self) -> &mut Names {
        let ips = self.local_ips();
        self.names.get_or_insert_with(|| Names::start(self.clock, links(&ips)))
    }

    fn local_ips(&self) -> Vec<IpAddr> {
        let addresses = self.sockets.iter().flat_map(Sockets::addresses);
        addresses.map(|(local, _)| local.ip()).collect()
    }
}

async fn next_name(names: &mut Option<Names>) -> Option<Resolved> {
    match names {
        Some(names) => Some(names.next().await),
        None => None,
    }
}
