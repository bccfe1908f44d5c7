//! Whole-system scenarios: a network, a relay and TURN servers that exist only in memory, people with engines
//! on them, and virtual time. One seed gives one history.
#![forbid(unsafe_code)]

mod home;
mod leaks;
mod mail;
mod media;
mod nat;
mod network;
mod person;
mod sfu;
mod turn;
mod world;

pub use home::Home;
pub use leaks::{Hidden, Leak};
pub use mail::Mail;
pub use media::{PICTURE_INTERVAL, RISE, Talk};
pub use nat::{Behaviour, MAPPING_TIMEOUT, NatKind};
pub use network::{Attacker, Direction, End, Link, Network, Packet, PipeId, Protocol, StreamEvent};
pub use person::{Person, START, Seen};
pub use sfu::{EvilSfu, Passage, Piece, Placed, SfuHost, SfuOperator};
pub use turn::{Grants, Operator, TurnHost, TurnSite};
pub use world::{ALICE, BOB, MAIL_DELAY, RELAY, World, WorldBuilder};
