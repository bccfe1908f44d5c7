use core::time::Duration;
use core::{fmt, mem};

use prost::Message;
use zeroize::{Zeroize, Zeroizing};

use super::turn_server::{self, TurnServerEntry};
use crate::error::Error;
use crate::limits::{MAX_TURN_CREDENTIAL, MAX_TURN_LIFETIME, MAX_TURN_SERVERS};

/// TURN servers, and the credentials that all of them take for a while.
///
/// A relay that has no TURN servers grants [`TurnGrant::none`].
#[derive(Clone, PartialEq, Eq)]
pub struct TurnGrant {
    /// The number of the [`TurnRequest`](super::TurnRequest).
    pub request: u64,
    /// 1 to [`MAX_TURN_CREDENTIAL`] printable ASCII characters that name nobody.
    pub username: String,
    /// 1 to [`MAX_TURN_CREDENTIAL`] printable ASCII characters.
    pub password: TurnPassword,
    /// How long they are valid from now on, in whole seconds from 1 to [`MAX_TURN_LIFETIME`]. Parts of a second are cut off.
    pub lifetime: Duration,
    /// 1 to [`MAX_TURN_SERVERS`], in no order.
    pub servers: Vec<TurnServerEntry>,
}

impl TurnGrant {
    /// The answer of a relay without TURN servers: no servers, no credentials.
    pub fn none(request: u64) -> Self {
        let password = TurnPassword::new(Zeroizing::default());
        Self {
            request,
            username: String::new(),
            password,
            lifetime: Duration::ZERO,
            servers: Vec::new(),
        }
    }

    /// Whether there is nothing in it: the relay has no TURN servers.
    pub fn is_none(&self) -> bool {
        self.servers.is_empty()
    }

    fn check(&self) -> Result<(), Error> {
        let (username, password) = (self.username.as_str(), self.password.expose());
        let lifetime = Duration::from_secs(self.lifetime.as_secs());
        if self.servers.is_empty() {
            let empty = username.is_empty() && password.is_empty() && lifetime.is_zero();
            return if empty { Ok(()) } else { Err(Error::BadField("list of TURN servers")) };
        }
        if self.servers.len() > MAX_TURN_SERVERS {
            return Err(Error::BadField("list of TURN servers"));
        }
        if !is_credential(username) {
            return Err(Error::BadField("TURN username"));
        }
        if !is_credential(password) {
            return Err(Error::BadField("TURN password"));
        }
        if lifetime.is_zero() || lifetime > MAX_TURN_LIFETIME {
            return Err(Error::BadField("TURN lifetime"));
        }
        self.servers.iter().try_for_each(TurnServerEntry::check)
    }
}

impl fmt::Debug for TurnGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TurnGrant({} servers, {} s)", self.servers.len(), self.lifetime.as_secs())
    }
}

/// The password of TURN credentials: wiped when dropped, never printed, compared without looking for the first difference.
#[derive(Eq)]
pub struct TurnPassword(Zeroizing<String>);

impl TurnPassword {
    /// Takes over a password. Its bounds are judged when the grant is encoded.
    pub const fn new(password: Zeroizing<String>) -> Self {
        Self(password)
    }

    /// The password.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The password, for whoever keeps it from now on.
    pub fn into_inner(self) -> Zeroizing<String> {
        self.0
    }
}

/// A frame is cloned to be sent again.
impl Clone for TurnPassword {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl PartialEq for TurnPassword {
    fn eq(&self, other: &Self) -> bool {
        let (ours, theirs) = (self.0.as_bytes(), other.0.as_bytes());
        let differ = ours.iter().zip(theirs).fold(0, |differ, (a, b)| differ | (a ^ b));
        ours.len() == theirs.len() && differ == 0
    }
}

impl fmt::Debug for TurnPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TurnPassword([redacted])")
    }
}

/// Printable ASCII needs no preparation (RFC 8265 §4.2), so every TURN server reads it alike.
fn is_credential(text: &str) -> bool {
    (1..=MAX_TURN_CREDENTIAL).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Wire {
    #[prost(uint64, tag = "1")]
    request: u64,
    #[prost(string, tag = "2")]
    username: String,
    #[prost(string, tag = "3")]
    password: String,
    #[prost(uint32, tag = "4")]
    lifetime_seconds: u32,
    #[prost(message, repeated, tag = "5")]
    servers: Vec<turn_server::Wire>,
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.password.zeroize();
    }
}

impl TryFrom<TurnGrant> for Wire {
    type Error = Error;

    fn try_from(frame: TurnGrant) -> Result<Self, Error> {
        frame.check()?;
        Ok(Self {
            request: frame.request,
            username: frame.username,
            password: mem::take(&mut *frame.password.into_inner()),
            lifetime_seconds: u32::try_from(frame.lifetime.as_secs())
                .map_err(|_| Error::BadField("TURN lifetime"))?,
            servers: frame.servers.into_iter().map(Into::into).collect(),
        })
    }
}

impl TryFrom<Wire> for TurnGrant {
    type Error = Error;

    fn try_from(mut wire: Wire) -> Result<Self, Error> {
        // Before anything is made of them.
        if wire.servers.len() > MAX_TURN_SERVERS {
            return Err(Error::BadField("list of TURN servers"));
        }
        let servers = mem::take(&mut wire.servers).into_iter().map(TryInto::try_into);
        let frame = Self {
            request: wire.request,
            username: mem::take(&mut wire.username),
            password: TurnPassword::new(Zeroizing::new(mem::take(&mut wire.password))),
            lifetime: Duration::from_secs(wire.lifetime_seconds.into()),
            servers: servers.collect::<Result<_, _>>()?,
        };
        frame.check()?;
        Ok(frame)
    }
}
