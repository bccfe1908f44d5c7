use core::fmt;

use prost::Message;

use crate::error::Error;
use crate::limits::{MAX_BUNDLE, MAX_ONE_TIME_PREKEY};

/// The prekeys of a mailbox. Its one-time prekey is given to nobody else.
#[derive(Clone, PartialEq, Eq)]
pub struct Prekeys {
    /// The number of the [`Fetch`](super::Fetch).
    pub request: u64,
    /// The bundle, as it was published.
    pub bundle: Vec<u8>,
    /// A one-time prekey, as it was published; none if all are used up.
    pub one_time: Option<Vec<u8>>,
}

impl fmt::Debug for Prekeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one_time = if self.one_time.is_some() { "with" } else { "without" };
        write!(f, "Prekeys({} bytes, {one_time} a one-time prekey)", self.bundle.len())
    }
}

impl Prekeys {
    fn check(&self) -> Result<(), Error> {
        let fits = (1..=MAX_BUNDLE).contains(&self.bundle.len())
            && self
                .one_time
                .as_ref()
                .is_none_or(|key| (1..=MAX_ONE_TIME_PREKEY).contains(&key.len()));
        if fits { Ok(()) } else { Err(Error::PrekeysTooLarge) }
    }
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Wire {
    #[prost(uint64, tag = "1")]
    request: u64,
    #[prost(bytes = "vec", tag = "2")]
    bundle: Vec<u8>,
    #[prost(bytes = "vec", optional, tag = "3")]
    one_time: Option<Vec<u8>>,
}

impl TryFrom<Prekeys> for Wire {
    type Error = Error;

    fn try_from(frame: Prekeys) -> Result<Self, Error> {
        frame.check()?;
        let Prekeys { request, bundle, one_time } = frame;
        Ok(Self { request, bundle, one_time })
    }
}

impl TryFrom<Wire> for Prekeys {
    type Error = Error;

    fn try_from(wire: Wire) -> Result<Self, Error> {
        let Wire { request, bundle, one_time } = wire;
        let frame = Self { request, bundle, one_time };
        frame.check()?;
        Ok(frame)
    }
}
