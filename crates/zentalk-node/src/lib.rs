#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod coarse;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod pacing;
pub mod relay;
mod report;
pub mod sfu;
pub mod sfu_key;
mod tls;
mod toml_file;
pub mod turn;
mod visitors;

pub use tls::TlsError;
