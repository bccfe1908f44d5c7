//! What happens to a packet between the one who sent it and those who receive it.
//!
//! A [`Track`] is one medium of one participant: what came, what is missing, and a bounded ring of the last packets. An
//! [`Outlet`] is one slot of one receiver: it takes packets of the track that it shows, renumbers them, so that the
//! receiver sees one stream however often layer or track change, and repeats them from the ring. A [`KeyframeGate`]
//! decides when a sender is asked for a keyframe, and an [`Allocation`] which layer each slot gets.
//!
//! No transport, no SRTP and no clock: packets come as plaintext RTP, whose payload is encrypted frame by frame, and go
//! into the caller's buffer. Of a payload only the VP8 descriptor is read and rewritten (RFC 7741 §4.2), and of the frame
//! behind it the lowest bit of its first byte, which frame encryption leaves in clear and authenticates (RFC 6386 §9.1: 0
//! in a keyframe).
//!
//! 1. [`Track::handle_rtp`] checks, counts and stores a packet.
//! 2. [`Outlet::forward_header`] says what one receiver gets of it, for each outlet that shows the track.
//! 3. [`Outlet::repeat`] answers the receiver's NACKs, [`Track::nacks_due`] says what to ask the sender for.

mod allocation;
mod cache;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod header;
mod history;
mod keyframe_gate;
mod layer;
pub mod limits;
mod meter;
mod numbering;
mod outlet;
mod outlet_config;
mod outlet_stats;
#[cfg(test)]
mod tests;
mod timeline;
mod track;
mod vp8;

pub use allocation::{Allocation, Demand, LayerChoice, RESERVE};
pub use keyframe_gate::KeyframeGate;
pub use outlet::Outlet;
pub use outlet_config::{InvalidOutlet, OutletConfig};
pub use outlet_stats::OutletStats;
pub use track::{PacketRef, PayloadFormat, Track, TrackConfig, TrackId, TrackStats};
