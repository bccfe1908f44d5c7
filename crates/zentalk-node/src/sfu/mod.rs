//! The SFU (RFC 7667 §3.7): a forwarding core on UDP, and control connections beside it.
//!
//! [`SfuServer`] is the server with its sockets. [`Reception`] is what it says on control connections, without sockets
//! and clocks; with `zentalk_sfu::Sfu` it makes a whole server for simulations.
//!
//! The way of a participant: its connection's first message holds a token and an offer ([`Admission`] judges both);
//! the room in the token decides on the worker; the worker's [`Reception`] has the core let the participant in and
//! answers. Media then comes to the common UDP port, where the kernel gives it to some worker, which hands it over if
//! the participant is another's.

mod admission;
mod config;
mod control;
mod counts;
mod error;
mod file;
mod reception;
mod running;
mod server;
mod shared;
mod translate;
mod worker;

pub use admission::{Admission, JoinRequest, Request};
pub use config::SfuServerConfig;
pub use counts::SfuCounts;
pub use error::SfuError;
pub use file::{SfuFile, advertised};
pub use reception::{Reception, ReceptionCounts, ReceptionOutput};
pub use running::RunningSfu;
pub use server::SfuServer;
