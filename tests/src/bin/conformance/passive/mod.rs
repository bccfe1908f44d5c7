//! A decoder of recorded DTLS 1.2 handshakes: it takes part in nothing, and knows the master secret.

mod body;
mod handshake;
mod key_schedule;
mod reader;
mod record;

pub(crate) use body::Body;
pub(crate) use handshake::{Handshake, Message};
pub(crate) use key_schedule::{Hash, KeyBlock, export, finished, prf};
pub(crate) use record::{Protection, Record};
