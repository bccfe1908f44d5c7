//! Runs the engine on tokio: sockets, streams, names, clock, tasks, randomness, a relay's connection and a store.
//!
//! One task owns the engine, another one carries what it wants saved and sent, and one for each relay waits
//! for its answers; smaller ones watch the interfaces, fetch TURN credentials and tokens, and carry each a stream, the
//! control channel to an SFU, or the names of a call. Handles talk to the first one; dropping the last handle ends them all.
//!
//! Sockets are open only while there is a call. They follow the addresses of the machine, and when these
//! change, every connection is made anew at once.

mod builder;
mod clock;
mod courier;
mod errands;
mod error;
#[cfg(feature = "glass")]
mod glass;
mod handle;
pub mod logs;
mod network;
mod news;
pub mod relay;
mod relay_link;
mod sfu;
mod store;
mod task;
mod turn;

pub use builder::CallsBuilder;
pub use error::DriverError;
pub use handle::{AudioSender, Call, Calls, IncomingCall, VideoSender};
pub use network::Network;
pub use relay::{RelayError, Unreachable};
pub use relay_link::RelayLink;
pub use store::{FileStore, MemoryStore, Store, StoreError};
pub use turn::TurnServer;
