//! Runs the engine on tokio: sockets, clock, tasks, randomness, a relay's connection and a store.
//!
//! One task owns the engine, another one carries what it wants saved and sent, and one for each relay waits
//! for its answers. Handles talk to the first one; dropping the last handle ends them all.

mod builder;
mod clock;
mod courier;
mod errands;
mod error;
mod handle;
pub mod logs;
pub mod relay;
mod sockets;
mod store;
mod task;

pub use builder::CallsBuilder;
pub use error::DriverError;
pub use handle::{AudioSender, Call, Calls, IncomingCall, VideoSender};
pub use relay::{RelayError, Unreachable};
pub use sockets::Network;
pub use store::{FileStore, MemoryStore, Store, StoreError};
