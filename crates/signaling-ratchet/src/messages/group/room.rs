use core::fmt;

use zentalk_primitives::RoomId;

use crate::Error;
use crate::card::is_web_socket_url;
use crate::limits;

/// Where the members of a group call meet.
#[derive(Clone, PartialEq, Eq)]
pub struct GroupRoom {
    id: RoomId,
    sfus: Vec<String>,
    token_relay: String,
}

impl GroupRoom {
    /// The room `id` at the first of `sfus` that can be reached, entered with a token of the relay at `token_relay`.
    ///
    /// # Errors
    /// [`Error::Malformed`] without an SFU, or for a URL that is not a printable `ws://` or `wss://` one;
    /// [`Error::TooLong`] over [`limits::GROUP_SFUS`] or [`limits::RELAY_URL_LEN`] (SFUs' URLs, too).
    pub fn new(id: RoomId, sfus: Vec<String>, token_relay: String) -> Result<Self, Error> {
        if sfus.len() > limits::GROUP_SFUS {
            return Err(Error::TooLong { part: "list of SFUs", limit: limits::GROUP_SFUS });
        }
        if sfus.is_empty() {
            return Err(Error::Malformed("list of SFUs"));
        }
        sfus.iter().try_for_each(|url| check_url(url, "URL of an SFU"))?;
        check_url(&token_relay, "URL of the token relay")?;
        Ok(Self { id, sfus, token_relay })
    }

    /// The room's name at every SFU.
    pub const fn id(&self) -> RoomId {
        self.id
    }

    /// The SFUs in the order in which everybody tries them, 1 to [`limits::GROUP_SFUS`].
    pub fn sfus(&self) -> &[String] {
        &self.sfus
    }

    /// The relay that hands out tokens for them.
    pub fn token_relay(&self) -> &str {
        &self.token_relay
    }
}

impl fmt::Debug for GroupRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GroupRoom({} SFUs)", self.sfus.len())
    }
}

fn check_url(url: &str, part: &'static str) -> Result<(), Error> {
    if url.len() > limits::RELAY_URL_LEN {
        return Err(Error::TooLong { part, limit: limits::RELAY_URL_LEN });
    }
    if is_web_socket_url(url) { Ok(()) } else { Err(Error::Malformed(part)) }
}
