//! The measuring that all layers share.

mod clock;
mod contestant;
mod memory;
mod race;
mod report;
mod samples;

pub(crate) use contestant::{Contestant, Facts, Standing};
pub(crate) use race::{Race, Row, run};
pub(crate) use report::{json, table};
