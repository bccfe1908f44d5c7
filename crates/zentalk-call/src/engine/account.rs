use prost::Message;
use rand_core::CryptoRng;
use zentalk_onion_relay::MailboxKey;
use zentalk_primitives::{DeviceId, Secret, UnixTime};
use zentalk_signaling_ratchet::{ContactCard, Identity, IdentityPublic, Postbox, StorageKey};
use zeroize::{Zeroize, Zeroizing};

use crate::Error;

/// Where a participant can be reached: relay, mailbox and device.
pub struct Account {
    relay: String,
    mailbox: MailboxKey,
    device: DeviceId,
    /// Whether the relay has the prekeys of now.
    pub(super) published: bool,
}

/// The layout of [`Snapshot`]. A later layout gets the next number.
const VERSION: u32 = 1;

impl Account {
    pub(super) fn create(
        relay: &str,
        unix_now: UnixTime,
        rng: &mut impl CryptoRng,
    ) -> Result<(Self, Postbox), Error> {
        let postbox = Postbox::new(Identity::generate(rng), unix_now, rng);
        let mailbox = MailboxKey::generate(rng)?;
        let (relay, device) = (relay.to_owned(), DeviceId::random(rng));
        let account = Self { relay, mailbox, device, published: false };
        // Checks the URL.
        account.card(postbox.identity())?;
        Ok((account, postbox))
    }

    /// The relay that keeps the mailbox.
    pub fn relay(&self) -> &str {
        &self.relay
    }

    /// The mailbox's key: whoever has it can empty the mailbox.
    pub fn mailbox_key(&self) -> &MailboxKey {
        &self.mailbox
    }

    /// This device, among those of this person.
    pub fn device(&self) -> DeviceId {
        self.device
    }

    pub(super) fn card(&self, identity: &IdentityPublic) -> Result<ContactCard, Error> {
        Ok(ContactCard::new(identity.clone(), &self.relay, self.mailbox.mailbox())?)
    }

    /// Everything that must outlive the program, encrypted.
    pub(super) fn snapshot(
        &self,
        postbox: &Postbox,
        key: &StorageKey,
        rng: &mut impl CryptoRng,
    ) -> Vec<u8> {
        let secrets = Secrets {
            relay: self.relay.clone(),
            mailbox_key: self.mailbox.secret().expose().to_vec(),
            device: self.device.as_bytes().to_vec(),
        };
        let account = key.seal(Zeroizing::new(secrets.encode_to_vec()), rng);
        let postbox = postbox.export(key, rng);
        Snapshot { version: VERSION, account, postbox, published: self.published }.encode_to_vec()
    }

    /// Reads what [`Account::snapshot`] wrote.
    pub(super) fn restore(snapshot: &[u8], key: &StorageKey) -> Result<(Self, Postbox), Error> {
        let snapshot = Snapshot::decode(snapshot).map_err(|_| Error::Snapshot)?;
        match snapshot.version {
            VERSION => {}
            0 => return Err(Error::Snapshot),
            _ => return Err(Error::NewerSnapshot),
        }
        let plaintext = key.open(&snapshot.account)?;
        let secrets = Secrets::decode(plaintext.as_slice()).map_err(|_| Error::Snapshot)?;
        let mailbox = Secret::from_slice(&secrets.mailbox_key).ok_or(Error::Snapshot)?;
        let account = Self {
            relay: secrets.relay.clone(),
            mailbox: MailboxKey::from_secret(mailbox)?,
            device: DeviceId::from_slice(&secrets.device).ok_or(Error::Snapshot)?,
            published: snapshot.published,
        };
        Ok((account, Postbox::import(&snapshot.postbox, key)?))
    }
}

#[derive(Clone, PartialEq, Message)]
struct Snapshot {
    #[prost(uint32, tag = "1")]
    version: u32,
    /// Sealed [`Secrets`].
    #[prost(bytes = "vec", tag = "2")]
    account: Vec<u8>,
    /// The postbox, which seals itself.
    #[prost(bytes = "vec", tag = "3")]
    postbox: Vec<u8>,
    /// Whether the relay has the postbox's prekeys.
    #[prost(bool, tag = "4")]
    published: bool,
}

#[derive(Clone, PartialEq, Message)]
struct Secrets {
    #[prost(string, tag = "1")]
    relay: String,
    #[prost(bytes = "vec", tag = "2")]
    mailbox_key: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    device: Vec<u8>,
}

impl Drop for Secrets {
    fn drop(&mut self) {
        self.mailbox_key.zeroize();
    }
}
