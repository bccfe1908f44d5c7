use std::net::SocketAddr;

use rand_core::UnwrapErr;
use tokio::sync::mpsc;
use zentalk_primitives::Secret;

use super::clock::{Clock, unix_time};
use super::courier::{self, Courier};
use super::error::DriverError;
use super::handle::Calls;
use super::network::{Network, NetworkIo};
use super::sfu::SfuIo;
use super::store::Store;
use super::task::{COMMANDS, Listeners, RINGS, Task};
use super::turn::{Origin, TurnServer, TurnSource};
use crate::StorageKey;
use crate::engine::{
    Engine, EngineConfig, Input, Location, MediaConfig, Output, Privacy, TlsTrust, TurnCredentials,
};

/// Sets up a participant; see [`Calls::builder`].
pub struct CallsBuilder<S> {
    store: S,
    key: StorageKey,
    relay: Option<String>,
    network: Network,
    turn: Option<(Vec<TurnServer>, TurnCredentials)>,
    sfu_authorities: Option<Vec<u8>>,
    #[cfg(feature = "glass")]
    glass: Option<std::path::PathBuf>,
    config: EngineConfig,
}

impl<S: Store> CallsBuilder<S> {
    pub(super) fn new(store: S, key: StorageKey) -> Self {
        let (network, config) = (Network::default(), EngineConfig::default());
        Self {
            store,
            key,
            relay: None,
            network,
            turn: None,
            sfu_authorities: None,
            #[cfg(feature = "glass")]
            glass: None,
            config,
        }
    }

    /// The relay at which a new identity gets its mailbox: `wss://relay.example/v1`. An identity that is in
    /// the store already keeps the relay it was made with, since its card names it.
    #[must_use]
    pub fn relay(mut self, url: &str) -> Self {
        self.relay = Some(url.to_owned());
        self
    }

    /// Which local addresses calls use; all interfaces, if not called.
    #[must_use]
    pub fn network(mut self, network: Network) -> Self {
        self.network = network;
        self
    }

    /// One more STUN server, which tells addresses as seen from outside.
    #[must_use]
    pub fn stun_server(mut self, server: SocketAddr) -> Self {
        self.config.stun_servers.push(server);
        self
    }

    /// TURN servers of one's own, with credentials that all of them take and that last. Without this, each
    /// call asks one's own relay for servers and for credentials that run out; with it, never.
    #[must_use]
    pub fn turn_servers(
        mut self,
        servers: impl IntoIterator<Item = TurnServer>,
        credentials: TurnCredentials,
    ) -> Self {
        self.turn = Some((servers.into_iter().collect(), credentials));
        self
    }

    /// Which certificates TURN servers may have; those that browsers trust, if not called.
    #[must_use]
    pub fn turn_trust(mut self, trust: TlsTrust) -> Self {
        self.config.tls_trust = Some(trust);
        self
    }

    /// Trusts the certificates in this PEM text as authorities for the control channels of SFUs, too: for servers with an
    /// authority of their own. Those that browsers trust are trusted in any case. A text that holds none makes every SFU unusable.
    #[must_use]
    pub fn sfu_authorities(mut self, pem: Vec<u8>) -> Self {
        self.sfu_authorities = Some(pem);
        self
    }

    /// **Writes the keys of group calls to a file**, and thereby gives up what they protect: for demonstrations that search
    /// memories for them. It exists with the feature `glass` only.
    #[cfg(feature = "glass")]
    #[must_use]
    pub fn expose_keys(mut self, file: std::path::PathBuf) -> Self {
        self.glass = Some(file);
        self
    }

    /// Where this side is, so that the nearest TURN server is taken before any was measured. It is told to nobody.
    #[must_use]
    pub fn location(mut self, location: Location) -> Self {
        self.config.location = Some(location);
        self
    }

    /// Who may learn this side's addresses: the other side of a call that was accepted, if not called.
    #[must_use]
    pub fn privacy(mut self, privacy: Privacy) -> Self {
        self.config.privacy = privacy;
        self
    }

    /// Whether addresses on the local network are told by random names, which only machines on the same
    /// network resolve (multicast DNS). Addresses as seen from outside are told as before.
    #[must_use]
    pub fn hide_host_addresses(mut self, hide: bool) -> Self {
        self.config.hide_host_addresses = hide;
        self
    }

    /// What media cost.
    #[must_use]
    pub fn media(mut self, media: MediaConfig) -> Self {
        self.config.media = media;
        self
    }

    /// Loads or makes the identity, without going online.
    ///
    /// # Errors
    /// [`DriverError::Store`], [`DriverError::Snapshot`]; [`DriverError::NoRelay`] for a new identity
    /// without a relay.
    pub fn identity(mut self) -> Result<zentalk_signaling_ratchet::ContactCard, DriverError> {
        let (mut engine, _) = self.load()?;
        while let Some(snapshot) = next_commit(&mut engine) {
            self.store.save(&snapshot)?;
        }
        Ok(engine.card()?)
    }

    /// Loads or makes the identity, connects to its relay, and starts.
    ///
    /// # Errors
    /// [`DriverError::Relay`] if the relay cannot be reached; as [`CallsBuilder::identity`].
    pub async fn build(mut self) -> Result<Calls, DriverError> {
        let (mut engine, clock) = self.load()?;
        let card = engine.card()?;
        let (relay, mailbox) =
            (engine.account().relay().to_owned(), engine.account().mailbox_key().duplicate());
        let (report, reports) = mpsc::channel(courier::REPORTS);
        let (jobs, job_queue) = mpsc::unbounded_channel();
        let origin = match self.turn {
            Some((servers, credentials)) => Origin::Application(servers, credentials),
            None => Origin::Relay(relay.clone()),
        };
        let mut courier = Courier::connect(self.store, relay, mailbox, report).await?;
        settle(&mut engine, &mut courier, clock).await?;
        let link = courier.link();
        tokio::spawn(courier.run(job_queue));
        #[cfg(feature = "glass")]
        let glass = match &self.glass {
            Some(path) => Some(super::glass::Glass::open(path).map_err(DriverError::Glass)?),
            None => None,
        };
        let (commands, command_queue) = mpsc::channel(COMMANDS);
        let (ring, rings) = mpsc::channel(RINGS);
        let task = Task {
            engine,
            clock,
            network: NetworkIo::new(self.network, clock),
            turn: TurnSource::start(origin, clock),
            sfu: SfuIo::new(self.sfu_authorities),
            #[cfg(feature = "glass")]
            glass,
            commands: command_queue,
            reports,
            jobs,
            listeners: Listeners::new(ring),
            hurried: false,
        };
        Ok(Calls { card, link, commands, rings, task: tokio::spawn(task.run()) })
    }

    /// The engine is large: it stays on the heap, so that futures that hold it stay small.
    fn load(&mut self) -> Result<(Box<Engine>, Clock), DriverError> {
        let key = StorageKey::new(*self.key.expose());
        let seed = Secret::random(&mut UnwrapErr(getrandom::SysRng));
        let (clock, config) = (Clock::start(), self.config.clone());
        let now = (clock.now(), unix_time());
        let engine = match self.store.load()? {
            Some(snapshot) => {
                Engine::restore(&snapshot, config, key, seed, now).map_err(DriverError::Snapshot)?
            }
            None => {
                let relay = self.relay.as_deref().ok_or(DriverError::NoRelay)?;
                Engine::create(relay, config, key, seed, now)?
            }
        };
        Ok((Box::new(engine), clock))
    }
}

/// The next snapshot that a fresh engine wants saved; what else it wants must wait until it is online.
fn next_commit(engine: &mut Engine) -> Option<Vec<u8>> {
    loop {
        match engine.poll_output() {
            Output::Commit(snapshot) => return Some(snapshot),
            Output::Timeout(_) => return None,
            _ => {}
        }
    }
}

/// Does what an engine without a call wants done. Who learns of this participant now may call at once: the
/// prekeys must be at the relay by then.
async fn settle<S: Store>(
    engine: &mut Engine,
    courier: &mut Courier<S>,
    clock: Clock,
) -> Result<(), DriverError> {
    loop {
        match engine.poll_output() {
            Output::Commit(snapshot) => courier.save(snapshot).await?,
            Output::PublishPrekeys { bundle, one_time } => {
                courier.publish(bundle, one_time).await?;
                engine.handle_input(clock.now(), Input::OwnPrekeys { published: true });
            }
            Output::Timeout(_) => return Ok(()),
            _ => {}
        }
    }
}
