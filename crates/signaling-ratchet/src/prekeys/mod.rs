//! Prekeys: what a person publishes so that others can begin a session while it is away.

mod bundle;
mod one_time;
mod signed;
mod store;

#[cfg(test)]
mod tests;

pub use bundle::PrekeyBundle;
pub use store::{PrekeyStore, PublishedPrekeys};

#[cfg(any(test, fuzzing))]
pub(crate) use bundle::signed_bundle;
pub(crate) use store::UsedPrekeys;
