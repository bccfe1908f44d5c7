//! How much the path carries: transport-wide feedback and the estimate that a sender makes of it.
//!
//! 1. Every RTP packet carries a number that counts all packets of the transport, whatever their
//!    stream (draft-holmer-rmcat-transport-wide-cc-extensions-01 §2): [`BandwidthEstimator::packet_sent`].
//! 2. The receiver tells every 50 to 100 ms which of them arrived, and when: [`FeedbackGenerator`].
//! 3. The sender compares the gaps between packets with those at the receiver
//!    ([`BandwidthEstimator::handle_feedback`]). Gaps that grow are a queue that fills: the rate falls
//!    below what arrived. Else it rises (draft-ietf-rmcat-gcc-02 §5). Loss bounds it too (§6).
//!
//! An [`RtpSession`](crate::RtpSession) does all of it where its streams say so; these parts serve whoever
//! forwards packets and has no session. Both sides allocate when they are made and never again.
//!
//! Rates are in bit/s of RTP packets, header included; SRTP, UDP and IP come on top.

mod acknowledged;
mod arrival_groups;
mod config;
mod delay;
mod estimator;
mod feedback;
mod history;
mod loss;
mod path_limit;
mod probe;
mod rate_control;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;
mod trend;

pub use config::BandwidthConfig;
pub use estimator::{BandwidthEstimator, BandwidthState};
pub use feedback::FeedbackGenerator;
pub use probe::Probe;
pub use trend::Usage;
