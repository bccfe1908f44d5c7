//! The call messages: typed here, Protobuf on the wire.
//!
//! Field numbers are forever. A message names the least version that understands it; a receiver that is older still
//! reads whose call and device it is and whether it asks to ring, so that it can ring and say "update needed".
//! Unknown fields are ignored.

mod answer;
mod call_message;
mod candidates;
mod elsewhere;
mod end;
mod frame_secret;
mod group;
mod offer;
mod restart;
mod ringing;
mod sdp;

#[cfg(test)]
mod tests;

pub use answer::Answer;
pub use call_message::{CallBody, CallMessage};
pub use candidates::{Candidate, Candidates};
pub use elsewhere::Elsewhere;
pub use end::EndCode;
pub use frame_secret::FrameSecret;
pub use group::{
    GroupInvite, GroupInvited, GroupJoin, GroupKeys, GroupMember, GroupRoom, GroupSas, GroupTracks,
};
pub use offer::{MediaKinds, Offer};
pub use restart::Restart;
pub use ringing::Ringing;
