//! The signalling relay: mailboxes behind a WebSocket.
//!
//! [`Relay::bind`] opens the store and the socket, [`Relay::run`] serves until its shutdown future is
//! ready; [`serve`] is both in one.

mod client;
pub(crate) mod clock;
mod config;
mod error;
mod hub;
mod keeper;
mod server;
mod sfu;
mod store;
mod turn;

use std::future::Future;

pub use config::RelayConfig;
pub use error::RelayError;
pub use server::Relay;
pub use sfu::{SfuTokenConfig, SfuTokenConfigError, SfuTokenConfigProblem};
pub use turn::{TurnConfig, TurnConfigError, TurnConfigProblem};

pub use crate::toml_file::FileProblem;

/// Serves a relay until `shutdown` is ready, then closes every connection and the store.
///
/// # Errors
/// What [`Relay::bind`] and [`Relay::run`] give.
pub async fn serve(
    config: RelayConfig,
    shutdown: impl Future<Output = ()>,
) -> Result<(), RelayError> {
    Relay::bind(config).await?.run(shutdown).await
}
