//! RTP packets (RFC 3550 §5.1), their header extensions (RFC 8285), and how to tell them from the
//! other protocols on the same port (RFC 7983, RFC 5761).
//!
//! Reading is a view over the caller's bytes: nothing is copied or allocated. Writing appends to a
//! buffer that the caller owns and may reuse.

mod demux;
mod extension;
mod packet;
mod rewrite;
mod writer;

pub use demux::{PacketKind, is_rtcp};
pub use extension::{ExtensionElement, Extensions};
pub use packet::{Csrcs, RtpPacket, header_len};
pub use rewrite::RtpHeaderMut;
pub use writer::RtpHeader;

/// Length in bytes of the fixed part of the header (RFC 3550 §5.1).
pub const FIXED_HEADER_LEN: usize = 12;

/// The profile value of a one-byte-form extension block (RFC 8285 §4.2).
const ONE_BYTE_PROFILE: u16 = 0xbede;

/// The profile value of a two-byte-form block; its low four bits are for applications (RFC 8285 §4.3).
const TWO_BYTE_PROFILE: u16 = 0x1000;
