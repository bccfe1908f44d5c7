//! Whole-system scenarios: a network and a relay that exist only in memory, people with engines on them,
//! and virtual time. One seed gives one history.
#![forbid(unsafe_code)]

mod mail;
mod media;
mod network;
mod person;
mod world;

pub use mail::Mail;
pub use media::{PICTURE_INTERVAL, Talk};
pub use network::{Attacker, Link, Network};
pub use person::{Person, START, Seen};
pub use world::{ALICE, BOB, RELAY, World};
