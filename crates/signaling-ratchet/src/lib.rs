#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod card;
#[cfg(any(test, feature = "conformance"))]
#[doc(hidden)]
pub mod conformance;
mod crypto;
mod error;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod identity;
mod keys;
pub mod limits;
pub mod messages;
mod padding;
mod postbox;
mod prekeys;
pub mod ratchet;
mod setup;
mod storage;

pub use card::ContactCard;
pub use error::Error;
pub use identity::{Identity, IdentityPublic};
pub use keys::{DhKeyPair, DhPublic, DhShared};
pub use messages::{CallBody, CallMessage};
pub use postbox::{Opened, Postbox, SealedMessage};
pub use prekeys::{PrekeyBundle, PrekeyStore, PublishedPrekeys};
pub use storage::StorageKey;
