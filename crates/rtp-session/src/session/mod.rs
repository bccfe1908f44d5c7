//! The engine. A datagram takes this way:
//!
//! 1. `send` builds an RTP packet, remembers it and queues it (`commands`).
//! 2. An RTP packet is checked, routed to a stream, placed in its sequence and delivered
//!    (`rtp_input`); gaps are noted.
//! 3. An RTCP datagram is checked as a whole; then reports, NACKs, keyframe requests and goodbyes are
//!    handled (`rtcp_input`); retransmissions are queued.
//! 4. At a timeout feedback, reports and silence are seen to (`timers`).
//! 5. What leaves gets its transport-wide number, perhaps after a wait; what arrives is told
//!    (`congestion`).

mod commands;
mod congestion;
mod engine;
mod rtcp_input;
mod rtp_input;
mod timers;

pub(crate) use congestion::Departure;
pub use engine::RtpSession;
