//! The TURN server (RFC 8656), and the credentials that a relay issues for it.
//!
//! [`TurnServer`] is the server with its sockets; [`core`] is the protocol without sockets and clocks, [`peers`] says to whom
//! it relays at all.

pub mod core;
pub mod credentials;
pub mod peers;
mod server;

pub use server::{TurnError, TurnServer, TurnServerConfig, read_secrets, secrets};
