//! The measuring that all layers share.

mod clock;
mod contestant;
mod core;
mod memory;
mod race;
mod report;
mod samples;

pub(crate) use self::core::pin;
pub(crate) use clock::cpu_time;
pub(crate) use contestant::{Contestant, Facts, Standing};
pub(crate) use memory::{allocations, heap_in_use};
pub(crate) use race::{Cell, Race, Row, run};
pub(crate) use report::{json, table};
