#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod relay;
mod tls;
pub mod turn;
