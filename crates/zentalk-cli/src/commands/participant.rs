//! From a data folder to somebody who can call and be called.

use std::net::SocketAddr;
use std::path::PathBuf;

use zentalk_call::{
    Calls, CallsBuilder, ContactCard, DriverError, FileStore, IdentityPublic, MediaConfig, Network,
    StorageKey,
};

use crate::cli;
use crate::data::{Contacts, DataFolder};
use crate::error::Error;

/// A person: their data folder, and the relay that a new identity would use.
pub(super) struct Participant {
    data: DataFolder,
    relay: String,
}

impl Participant {
    pub(super) fn open(data: Option<PathBuf>, relay: &str) -> Result<Self, Error> {
        Ok(Self { data: DataFolder::open(data)?, relay: relay.to_owned() })
    }

    pub(super) fn contacts(&self) -> Result<Contacts, Error> {
        Ok(self.data.contacts()?)
    }

    /// The card; makes an identity first if there is none.
    pub(super) fn card(&self) -> Result<ContactCard, Error> {
        Ok(self.builder()?.identity()?)
    }

    /// Goes online.
    pub(super) async fn connect(
        &self,
        options: &cli::Session,
        media: MediaConfig,
    ) -> Result<Calls, Error> {
        let card = self.card()?;
        let builder = self.builder()?.media(media).network(network(options));
        let builder =
            stun_servers(options).await?.into_iter().fold(builder, CallsBuilder::stun_server);
        let online = Box::pin(builder.build()).await;
        online.map_err(|error| match error {
            source @ DriverError::Relay(_) => {
                Error::Relay { url: card.relay_url().to_owned(), source }
            }
            other => other.into(),
        })
    }

    fn builder(&self) -> Result<CallsBuilder<FileStore>, Error> {
        let store = FileStore::open(&self.data.store())?;
        let key = StorageKey::new(*self.data.storage_key()?.expose());
        Ok(Calls::builder(store, key).relay(&self.relay))
    }
}

fn network(options: &cli::Session) -> Network {
    match options.udp {
        Some(bind) => Network::Fixed { bind, mapped: options.advertise },
        None if options.loopback => Network::Loopback,
        None => Network::AllInterfaces,
    }
}

/// The addresses of the STUN servers: the first one that each name has.
async fn stun_servers(options: &cli::Session) -> Result<Vec<SocketAddr>, Error> {
    if options.stun.len() > zentalk_call::MAX_STUN_SERVERS {
        return Err(Error::TooManyStunServers);
    }
    let mut servers = Vec::new();
    for name in &options.stun {
        let mut found = tokio::net::lookup_host(name)
            .await
            .map_err(|source| Error::StunServer { name: name.clone(), source })?;
        servers.extend(found.next());
    }
    Ok(servers)
}

/// What a card's text says.
pub(super) fn parse_card(text: &str) -> Result<ContactCard, Error> {
    ContactCard::from_text(text).map_err(zentalk_call::Error::from).map_err(Error::BadCard)
}

/// The name for an identity: the contact's, or the beginning of its key for a stranger.
pub(super) fn name_of(contacts: &Contacts, who: &IdentityPublic) -> String {
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
