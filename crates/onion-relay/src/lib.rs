#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod connection;
mod crypto;
mod error;
pub mod frames;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
pub mod limits;
mod mailbox_key;
mod mailboxes;

pub use connection::{Connection, DeliveryWindow, Refusal, Request};
pub use error::{Error, StoreFailed};
pub use frames::Frame;
pub use mailbox_key::{Challenge, MailboxKey, MailboxProof, ProvenMailbox};
pub use mailboxes::{
    Counter, Delivery, Entry, FetchedPrekeys, MailboxStore, Mailboxes, MemoryStore, Quota,
    StoredPrekeys,
};
