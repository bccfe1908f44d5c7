//! Which TURN servers are best: measured round trips, great-circle distance before there is a measurement, dead ones skipped.

mod location;
mod prober;
mod ranking;
mod relay_server;

pub use location::Location;
pub use prober::{ProbeOutput, Prober};
pub use ranking::ServerRanking;
pub use relay_server::RelayServer;
