//! The TURN client against `turn-server-proto`, and against scripted servers, in virtual time.

mod allocate;
mod attacks;
mod errors;
mod lifetime;
pub(crate) mod messages;
mod peers;
pub(crate) mod server;
pub(crate) mod stream;
mod tls;
pub(crate) mod tls_server;
mod world;
