//! RTCP packets: compounds (RFC 3550 §6.1) and reduced-size ones (RFC 5506), feedback (RFC 4585,
//! RFC 5104), and the two widespread drafts, transport-wide congestion control and REMB.
//!
//! [`Compound::parse`] checks a whole datagram before anything of it can be looked at, so that a
//! damaged one changes nothing; reading then is a view without copies or allocations.
//! [`CompoundWriter`] appends packets to a buffer that the caller owns.

mod bye;
mod compound;
mod feedback;
mod raw;
mod remb;
mod report;
mod sdes;
mod transport_cc;
mod transport_cc_writer;
mod writer;

pub use bye::Goodbye;
pub use compound::{Compound, Packet, Packets};
pub use feedback::{Feedback, FirEntry, FullIntraRequest, Nack, NackPair, PictureLossIndication};
pub use raw::{RawPacket, RawPackets};
pub use remb::Remb;
pub use report::{ReceiverReport, ReportBlock, ReportBlocks, SenderInfo, SenderReport};
pub use sdes::{SdesChunk, SdesChunks, SdesItem, SdesItems, SourceDescription};
pub use transport_cc::{Arrival, PacketStatus, PacketStatuses, TransportCc};
pub use transport_cc_writer::TransportCcHeader;
pub use writer::CompoundWriter;

/// RTCP packet types (RFC 3550 §12.1, RFC 4585 §6.1, RFC 3611 §2).
pub mod packet_type {
    /// Sender report.
    pub const SENDER_REPORT: u8 = 200;
    /// Receiver report.
    pub const RECEIVER_REPORT: u8 = 201;
    /// Source description.
    pub const SOURCE_DESCRIPTION: u8 = 202;
    /// Goodbye.
    pub const GOODBYE: u8 = 203;
    /// Application-defined.
    pub const APPLICATION: u8 = 204;
    /// Transport-layer feedback.
    pub const TRANSPORT_FEEDBACK: u8 = 205;
    /// Payload-specific feedback.
    pub const PAYLOAD_FEEDBACK: u8 = 206;
    /// Extended reports.
    pub const EXTENDED_REPORT: u8 = 207;
}

/// Feedback message types, the count field of feedback packets (RFC 4585 §6.2, §6.3; RFC 5104 §4.3).
pub mod feedback_type {
    /// Generic NACK, in transport-layer feedback.
    pub const NACK: u8 = 1;
    /// Transport-wide congestion control, in transport-layer feedback.
    pub const TRANSPORT_CC: u8 = 15;
    /// Picture loss indication, in payload-specific feedback.
    pub const PLI: u8 = 1;
    /// Full intra request, in payload-specific feedback.
    pub const FIR: u8 = 4;
    /// Application layer feedback, in payload-specific feedback: REMB and others.
    pub const APPLICATION_LAYER: u8 = 15;
}

/// The SDES item that names an endpoint (RFC 3550 §6.5.1).
const SDES_CNAME: u8 = 1;
