use core::fmt;
use core::time::Duration;

use prost::Message;

use crate::error::Error;
use crate::limits::{MAX_SFU_LIFETIME, MAX_SFU_SERVERS, MAX_SFU_TOKEN, MAX_SFU_URL};

/// SFUs, and a token that all of them take for a while.
///
/// A relay that has no SFUs grants [`SfuGrant::none`].
#[derive(Clone, PartialEq, Eq)]
pub struct SfuGrant {
    /// The number of the [`SfuRequest`](super::SfuRequest).
    pub request: u64,
    /// 1 to [`MAX_SFU_TOKEN`] bytes that mean something to the SFUs only.
    pub token: Vec<u8>,
    /// How long it is valid from now on, in whole seconds from 1 to [`MAX_SFU_LIFETIME`]. Parts of a second are cut off.
    pub lifetime: Duration,
    /// 1 to [`MAX_SFU_SERVERS`] `wss://` or `ws://` URLs of at most [`MAX_SFU_URL`] bytes, the one to begin with first.
    pub servers: Vec<String>,
}

impl SfuGrant {
    /// The answer of a relay without SFUs: no servers, no token.
    pub const fn none(request: u64) -> Self {
        Self { request, token: Vec::new(), lifetime: Duration::ZERO, servers: Vec::new() }
    }

    /// Whether there is nothing in it: the relay has no SFUs.
    pub const fn is_none(&self) -> bool {
        self.servers.is_empty()
    }

    fn check(&self) -> Result<(), Error> {
        let lifetime = Duration::from_secs(self.lifetime.as_secs());
        if self.servers.is_empty() {
            let empty = self.token.is_empty() && lifetime.is_zero();
            return if empty { Ok(()) } else { Err(Error::BadField("list of SFUs")) };
        }
        if self.servers.len() > MAX_SFU_SERVERS {
            return Err(Error::BadField("list of SFUs"));
        }
        if !(1..=MAX_SFU_TOKEN).contains(&self.token.len()) {
            return Err(Error::BadField("SFU token"));
        }
        if lifetime.is_zero() || lifetime > MAX_SFU_LIFETIME {
            return Err(Error::BadField("lifetime of an SFU token"));
        }
        if !self.servers.iter().all(|url| is_url(url)) {
            return Err(Error::BadField("URL of an SFU"));
        }
        Ok(())
    }
}

/// The token lets whoever has it into the room: it is not printed.
impl fmt::Debug for SfuGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SfuGrant({} servers, {} s)", self.servers.len(), self.lifetime.as_secs())
    }
}

/// Printable, with a host; whoever connects parses it whole.
fn is_url(url: &str) -> bool {
    let host = url.strip_prefix("wss://").or_else(|| url.strip_prefix("ws://"));
    url.len() <= MAX_SFU_URL
        && host.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_graphic()))
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Wire {
    #[prost(uint64, tag = "1")]
    request: u64,
    #[prost(bytes = "vec", tag = "2")]
    token: Vec<u8>,
    #[prost(uint32, tag = "3")]
    lifetime_seconds: u32,
    #[prost(string, repeated, tag = "4")]
    servers: Vec<String>,
}

impl TryFrom<SfuGrant> for Wire {
    type Error = Error;

    fn try_from(frame: SfuGrant) -> Result<Self, Error> {
        frame.check()?;
        Ok(Self {
            request: frame.request,
            token: frame.token,
            lifetime_seconds: u32::try_from(frame.lifetime.as_secs())
                .map_err(|_| Error::BadField("lifetime of an SFU token"))?,
            servers: frame.servers,
        })
    }
}

impl TryFrom<Wire> for SfuGrant {
    type Error = Error;

    fn try_from(wire: Wire) -> Result<Self, Error> {
        let frame = Self {
            request: wire.request,
            token: wire.token,
            lifetime: Duration::from_secs(wire.lifetime_seconds.into()),
            servers: wire.servers,
        };
        frame.check()?;
        Ok(frame)
    }
}
