//! From a data folder to somebody who can call and be called.

use std::net::SocketAddr;
use std::path::PathBuf;

use zentalk_call::{
    Calls, CallsBuilder, ContactCard, DriverError, FileStore, IdentityPublic, MediaConfig, Network,
    Privacy, StorageKey, Store, TlsTrust,
};

use crate::cli;
use crate::data::{Contacts, DataFolder};
use crate::error::Error;
use crate::terminal;

/// A person: their data folder, and the relay that was named for a new identity.
pub(super) struct Participant {
    data: DataFolder,
    relay: Option<String>,
}

impl Participant {
    pub(super) fn open(data: Option<PathBuf>, relay: Option<String>) -> Result<Self, Error> {
        Ok(Self { data: DataFolder::open(data)?, relay })
    }

    pub(super) fn contacts(&self) -> Result<Contacts, Error> {
        Ok(self.data.contacts()?)
    }

    /// The card; makes an identity first if there is none.
    pub(super) fn card(&self) -> Result<ContactCard, Error> {
        let card = self.builder()?.identity().map_err(|error| self.explain(error))?;
        if let Some(named) = self.relay.as_deref().filter(|named| *named != card.relay_url()) {
            terminal::complain(format_args!(
                "zentalk: this identity stays with its relay, {}; {named} is not used. Another folder (--data) \
                 gets another identity",
                card.relay_url()
            ));
        }
        Ok(card)
    }

    /// What the library says of an identity, with the cure.
    fn explain(&self, error: DriverError) -> Error {
        match error {
            DriverError::Snapshot(source) => Error::Sealed { path: self.data.store(), source },
            DriverError::Engine(source @ zentalk_call::Error::Signalling(_)) => {
                Error::BadRelay { url: self.relay().to_owned(), source }
            }
            other => other.into(),
        }
    }

    fn relay(&self) -> &str {
        self.relay.as_deref().unwrap_or(cli::DEFAULT_RELAY)
    }

    /// Goes online.
    pub(super) async fn connect(
        &self,
        options: &cli::Session,
        media: MediaConfig,
    ) -> Result<Calls, Error> {
        let card = self.card()?;
        let mut builder = self.builder()?.media(media);
        #[cfg(feature = "glass")]
        if let Some(file) = &options.expose_keys {
            builder = builder.expose_keys(file.clone());
        }
        let options = &options.network;
        builder = builder.network(network(options));
        builder =
            stun_servers(&options.stun).await?.into_iter().fold(builder, CallsBuilder::stun_server);
        builder = builder.hide_host_addresses(options.hide_addresses);
        if options.relay_only {
            builder = builder.privacy(Privacy::RelayOnly);
        }
        if let Some(trust) = turn_trust(&options.turn)? {
            builder = builder.turn_trust(trust);
        }
        if let Some(path) = &options.sfu_ca {
            let unreadable = |source| Error::SfuAuthorities { path: path.clone(), source };
            builder = builder.sfu_authorities(std::fs::read(path).map_err(unreadable)?);
        }
        if let Some(location) = options.turn.location {
            builder = builder.location(location);
        }
        let online = Box::pin(builder.build()).await;
        online.map_err(|error| match error {
            source @ DriverError::Relay(_) => {
                Error::Relay { url: card.relay_url().to_owned(), source }
            }
            other => other.into(),
        })
    }

    fn builder(&self) -> Result<CallsBuilder<FileStore>, Error> {
        // The store is this program's alone from here on, so that no other one makes a key meanwhile.
        let store = FileStore::open(&self.data.store())?;
        let key = self.data.storage_key(store.load()?.is_none())?;
        Ok(Calls::builder(store, StorageKey::new(*key.expose())).relay(self.relay()))
    }
}

fn network(options: &cli::Network) -> Network {
    match options.udp {
        Some(bind) => Network::Fixed { bind, mapped: options.advertise },
        None if options.loopback => Network::Loopback,
        None => Network::AllInterfaces,
    }
}

/// The addresses of the STUN servers: of each name one of IPv4 and one of IPv6, since a host that has both may be behind
/// a NAT in one of them only.
pub(super) async fn stun_servers(names: &[String]) -> Result<Vec<SocketAddr>, Error> {
    if names.len() > zentalk_call::MAX_STUN_SERVERS {
        return Err(Error::TooManyStunServers);
    }
    let (mut servers, mut others) = (Vec::new(), Vec::<SocketAddr>::new());
    for name in names {
        let found: Vec<_> = tokio::net::lookup_host(name)
            .await
            .map_err(|source| Error::StunServer { name: name.clone(), source })?
            .collect();
        let Some(&first) = found.first() else { continue };
        servers.push(first);
        others.extend(found.iter().copied().find(|other| other.is_ipv4() != first.is_ipv4()));
    }
    // Every name is asked in one family before any is in both.
    servers.extend(others);
    servers.truncate(zentalk_call::MAX_STUN_SERVERS);
    Ok(servers)
}

/// The authorities in `--turn-ca`; nothing without one.
pub(super) fn turn_trust(options: &cli::Turn) -> Result<Option<TlsTrust>, Error> {
    let Some(path) = &options.turn_ca else { return Ok(None) };
    let unreadable = |source| Error::TurnAuthorities { path: path.clone(), source };
    let pem = std::fs::read(path).map_err(unreadable)?;
    match TlsTrust::roots_pem(&pem) {
        Ok(trust) => Ok(Some(trust)),
        Err(_) => Err(Error::NoTurnAuthority(path.clone())),
    }
}

/// What a card's text says.
pub(super) fn parse_card(text: &str) -> Result<ContactCard, Error> {
    ContactCard::from_text(text).map_err(zentalk_call::Error::from).map_err(Error::BadCard)
}

/// The name for an identity: the contact's, or the beginning of its key for a stranger.
pub(crate) fn name_of(contacts: &Contacts, who: &IdentityPublic) -> String {
    let is_them =
        |card: &str| ContactCard::from_text(card).is_ok_and(|card| card.identity() == who);
    match contacts.iter().find(|(_, card)| is_them(card)) {
        Some((name, _)) => name.clone(),
        None => {
            let start: String =
                who.signing_key().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
            format!("a stranger ({start}…)")
        }
    }
}
