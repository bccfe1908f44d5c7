#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod bandwidth;
mod buffers;
mod clock;
mod config;
mod error;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod io;
pub mod limits;
mod rate;
mod receive;
pub mod reception;
mod round_trip;
mod send;
mod session;
mod stats;
mod timing;

pub use config::{MediaKind, ReceiveStreamConfig, SendStreamConfig, SessionConfig};
pub use error::Error;
pub use io::{Datagram, Event, Input, Output, ReceiveStreamId, ReceivedPacket, SendStreamId};
pub use rate::Rate;
pub use session::RtpSession;
pub use stats::{Quality, ReceiveStats, SendStats, SessionStats};
