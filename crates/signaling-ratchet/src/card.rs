use core::fmt;
use core::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use prost::Message;
use zentalk_primitives::MailboxId;

use crate::Error;
use crate::identity::IdentityPublic;
use crate::limits;

const VERSION: u32 = 1;
const SCHEME: &str = "zentalk:";

/// What one person gives to another so that they can call each other: an identity and where its mailbox is.
///
/// As text it is `zentalk:` and the Protobuf form in base64url without padding. Printing it with `Debug` shows
/// nothing; [`ContactCard::to_text`] is the one way out.
#[derive(Clone, PartialEq, Eq)]
pub struct ContactCard {
    identity: IdentityPublic,
    relay_url: String,
    mailbox: MailboxId,
}

impl ContactCard {
    /// A card.
    ///
    /// # Errors
    /// [`Error::TooLong`] or [`Error::Malformed`] if `relay_url` is not a printable `ws://` or `wss://` URL of at
    /// most [`limits::RELAY_URL_LEN`] bytes.
    pub fn new(
        identity: IdentityPublic,
        relay_url: &str,
        mailbox: MailboxId,
    ) -> Result<Self, Error> {
        check_relay_url(relay_url)?;
        Ok(Self { identity, relay_url: relay_url.to_owned(), mailbox })
    }

    /// Reads a card from text; white space around it is ignored.
    ///
    /// # Errors
    /// [`Error::Malformed`] with the part that is wrong, [`Error::TooLong`], [`Error::UnsupportedVersion`],
    /// [`Error::WeakKey`] or [`Error::BadSignature`].
    pub fn from_text(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let encoded = text
            .strip_prefix(SCHEME)
            .ok_or(Error::Malformed("contact card: it does not begin with `zentalk:`"))?;
        // Four characters carry three bytes (base64url, RFC 4648 §5).
        if encoded.len() > limits::CARD_LEN.div_ceil(3) * 4 {
            return Err(Error::TooLong { part: "contact card", limit: limits::CARD_LEN });
        }
        let bytes = URL_SAFE_NO_PAD
            .decode(encoded)
            .map_err(|_| Error::Malformed("contact card: it is not base64url without padding"))?;
        Self::decode(&bytes)
    }

    /// The card as text.
    pub fn to_text(&self) -> String {
        let mut text = SCHEME.to_owned();
        URL_SAFE_NO_PAD.encode_string(self.encode(), &mut text);
        text
    }

    /// Reads the Protobuf form.
    ///
    /// # Errors
    /// As [`ContactCard::from_text`].
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() > limits::CARD_LEN {
            return Err(Error::TooLong { part: "contact card", limit: limits::CARD_LEN });
        }
        let wire = Wire::decode(bytes).map_err(|_| Error::Malformed("contact card"))?;
        if wire.version != VERSION {
            let version = wire.version;
            return Err(Error::UnsupportedVersion { part: "contact card", version });
        }
        const KEYS: Error = Error::Malformed("contact card: its keys");
        let identity = IdentityPublic::from_parts(
            wire.signing_key.try_into().map_err(|_| KEYS)?,
            wire.agreement_key.try_into().map_err(|_| KEYS)?,
            wire.binding.try_into().map_err(|_| KEYS)?,
        )?;
        let mailbox = MailboxId::from_slice(&wire.mailbox)
            .ok_or(Error::Malformed("contact card: its mailbox id"))?;
        Self::new(identity, &wire.relay_url, mailbox)
    }

    /// The Protobuf form.
    pub fn encode(&self) -> Vec<u8> {
        Wire {
            version: VERSION,
            signing_key: self.identity.signing_key().to_vec(),
            agreement_key: self.identity.agreement_key().as_bytes().to_vec(),
            relay_url: self.relay_url.clone(),
            mailbox: self.mailbox.as_bytes().to_vec(),
            binding: self.identity.binding().to_vec(),
        }
        .encode_to_vec()
    }

    /// Who it is.
    pub const fn identity(&self) -> &IdentityPublic {
        &self.identity
    }

    /// The relay that keeps the mailbox.
    pub fn relay_url(&self) -> &str {
        &self.relay_url
    }

    /// The mailbox.
    pub const fn mailbox(&self) -> MailboxId {
        self.mailbox
    }
}

impl FromStr for ContactCard {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::from_text(text)
    }
}

impl fmt::Debug for ContactCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ContactCard([redacted])")
    }
}

fn check_relay_url(url: &str) -> Result<(), Error> {
    const MALFORMED: Error = Error::Malformed("relay URL: it is not a `ws://` or `wss://` URL");
    if url.len() > limits::RELAY_URL_LEN {
        return Err(Error::TooLong { part: "relay URL", limit: limits::RELAY_URL_LEN });
    }
    if is_web_socket_url(url) { Ok(()) } else { Err(MALFORMED) }
}

/// A scheme, and something printable behind it; whoever connects parses it whole.
pub(crate) fn is_web_socket_url(url: &str) -> bool {
    let host = url.strip_prefix("wss://").or_else(|| url.strip_prefix("ws://"));
    host.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_graphic()))
}

#[derive(Clone, PartialEq, Message)]
struct Wire {
    #[prost(uint32, tag = "1")]
    version: u32,
    #[prost(bytes = "vec", tag = "2")]
    signing_key: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    agreement_key: Vec<u8>,
    #[prost(string, tag = "4")]
    relay_url: String,
    #[prost(bytes = "vec", tag = "5")]
    mailbox: Vec<u8>,
    /// The Ed25519 key's signature over the X25519 key.
    #[prost(bytes = "vec", tag = "6")]
    binding: Vec<u8>,
}
