//! One picture in several sizes at once, so that whoever forwards them can give each receiver the one that
//! fits its path.

mod config;
mod encoder;
mod ladder;
mod layer;

pub use config::SimulcastConfig;
pub use encoder::{LayerFrame, SimulcastEncoder};
pub use layer::SimulcastLayer;
