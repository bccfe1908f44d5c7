#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod cli;
mod commands;
pub mod data;
pub mod demo;
pub mod doctor;
mod error;
pub mod exit;
pub mod files;
mod interrupt;
pub mod journal;
pub mod pictures;
pub mod record;
mod reporter;
mod session;
pub mod sources;
mod start;
mod terminal;
pub mod verify;

pub use commands::run;
pub use error::Error;
pub use start::start;
