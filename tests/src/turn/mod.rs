//! TURN on the virtual network: the servers, and the operator who stands behind them and gives out credentials.

mod authority;
mod host;
mod operator;
mod session;

pub(crate) use self::authority::trust;
pub use self::host::{TurnHost, TurnSite};
pub use self::operator::{Grants, Operator};
