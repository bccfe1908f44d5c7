use thiserror::Error;

use super::track::PayloadFormat;

/// What the receiver and the answer of its session say about a slot.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub struct OutletConfig<'a> {
    /// What the slot carries.
    pub format: PayloadFormat,
    /// Units of the RTP clock in a second.
    pub clock_rate: u32,
    /// The source under which the slot goes out.
    pub ssrc: u32,
    /// The payload type that the receiver knows the format by, 0 to 127.
    pub payload_type: u8,
    /// Source and payload type of repetitions (RFC 4588 §4). Without them nothing is repeated: SRTP takes no index twice.
    pub rtx: Option<(u32, u8)>,
    /// The id of the extension for transport-wide sequence numbers, 1 to 14.
    pub transport_cc: Option<u8>,
    /// The id of the extension for the mid, 1 to 14, and the slot's mid, 1 to 16 bytes. Not needed where the answer names
    /// the source.
    pub mid: Option<(u8, &'a str)>,
}

impl OutletConfig<'_> {
    /// A slot with this source and payload type, without repetitions and extensions.
    pub fn new(format: PayloadFormat, clock_rate: u32, ssrc: u32, payload_type: u8) -> Self {
        Self { format, clock_rate, ssrc, payload_type, rtx: None, transport_cc: None, mid: None }
    }
}

/// An outlet's configuration holds a value that RTP has no room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("payload types are 0 to 127, extension ids 1 to 14, a mid has 1 to 16 bytes")]
pub struct InvalidOutlet;
