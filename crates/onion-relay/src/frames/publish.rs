use core::fmt;

use prost::Message;

use crate::error::Error;
use crate::limits::{MAX_BUNDLE, MAX_ONE_TIME_PREKEY, MAX_ONE_TIME_PREKEYS, MAX_PUBLISH_BYTES};

/// Give these prekeys to whoever asks for the subscribed mailbox. Answered by
/// [`Published`](super::Published).
///
/// The bundle replaces the earlier one. The one-time prekeys are added to those that are left, or
/// replace them. A set that is too long for one frame is published in several.
#[derive(Clone, PartialEq, Eq)]
pub struct Publish {
    /// Matches the answer to the request.
    pub request: u64,
    /// The bundle, 1 to [`MAX_BUNDLE`] bytes, opaque to the relay; none keeps the earlier one.
    pub bundle: Option<Vec<u8>>,
    /// One-time prekeys, each 1 to [`MAX_ONE_TIME_PREKEY`] bytes, opaque to the relay; together with
    /// the bundle at most [`MAX_PUBLISH_BYTES`], at most [`MAX_ONE_TIME_PREKEYS`] of them.
    pub one_time: Vec<Vec<u8>>,
    /// Whether one-time prekeys that are left at the relay are thrown away first.
    pub replace_one_time: bool,
}

impl fmt::Debug for Publish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Publish({} one-time prekeys)", self.one_time.len())
    }
}

impl Publish {
    fn check(&self) -> Result<(), Error> {
        let bundle = self.bundle.as_ref().map(Vec::len);
        let bytes = self.one_time.iter().map(Vec::len).sum::<usize>() + bundle.unwrap_or(0);
        let fits = bundle.is_none_or(|len| (1..=MAX_BUNDLE).contains(&len))
            && self.one_time.len() <= MAX_ONE_TIME_PREKEYS
            && self.one_time.iter().all(|key| (1..=MAX_ONE_TIME_PREKEY).contains(&key.len()))
            && bytes <= MAX_PUBLISH_BYTES;
        if fits { Ok(()) } else { Err(Error::PrekeysTooLarge) }
    }
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Wire {
    #[prost(uint64, tag = "1")]
    pub(super) request: u64,
    #[prost(bytes = "vec", optional, tag = "2")]
    bundle: Option<Vec<u8>>,
    #[prost(bytes = "vec", repeated, tag = "3")]
    one_time: Vec<Vec<u8>>,
    #[prost(bool, tag = "4")]
    replace_one_time: bool,
}

impl TryFrom<Publish> for Wire {
    type Error = Error;

    fn try_from(frame: Publish) -> Result<Self, Error> {
        frame.check()?;
        let Publish { request, bundle, one_time, replace_one_time } = frame;
        Ok(Self { request, bundle, one_time, replace_one_time })
    }
}

impl TryFrom<Wire> for Publish {
    type Error = Error;

    fn try_from(wire: Wire) -> Result<Self, Error> {
        let Wire { request, bundle, one_time, replace_one_time } = wire;
        let frame = Self { request, bundle, one_time, replace_one_time };
        frame.check()?;
        Ok(frame)
    }
}
