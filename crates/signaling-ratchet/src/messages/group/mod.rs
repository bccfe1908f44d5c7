//! Calls of more than two: who is in them, where they meet, and what carries their keys.

mod invite;
mod invited;
mod join;
mod keys;
mod member;
mod room;
mod sas;
mod tracks;

pub use invite::GroupInvite;
pub use invited::GroupInvited;
pub use join::GroupJoin;
pub use keys::GroupKeys;
pub use member::GroupMember;
pub use room::GroupRoom;
pub use sas::GroupSas;
pub use tracks::GroupTracks;
