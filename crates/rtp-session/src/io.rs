use core::fmt;

use zentalk_primitives::Instant;

use crate::Quality;

/// Names one send stream of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SendStreamId(pub(crate) usize);

/// Names one receive stream of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReceiveStreamId(pub(crate) usize);

/// What arrived: one whole datagram, authenticated and decrypted. Closed: the port carries no more.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// An RTP packet.
    Rtp(&'a [u8]),
    /// An RTCP compound.
    Rtcp(&'a [u8]),
}

/// What the caller is to do. Closed: the one shape of every engine.
#[derive(Debug)]
pub enum Output {
    /// Protect the datagram and send it.
    Transmit(Datagram),
    /// Something happened.
    Event(Event),
    /// Nothing more to do until then: call [`RtpSession::handle_timeout`](crate::RtpSession::handle_timeout)
    /// at that time, or, if `None`, wait for the next input.
    Timeout(Option<Instant>),
}

/// One datagram of plaintext. Closed: SRTP knows these two.
///
/// Behind the bytes [`SPARE_CAPACITY`](crate::limits::SPARE_CAPACITY) is free, so that the buffer can be
/// protected in place and become a `Transmit`'s payload without another allocation; afterwards it
/// may be given back with [`RtpSession::recycle`](crate::RtpSession::recycle).
#[derive(Clone, PartialEq, Eq)]
pub enum Datagram {
    /// An RTP packet; never the same twice, unless plain retransmission was asked for.
    Rtp(Vec<u8>),
    /// An RTCP compound.
    Rtcp(Vec<u8>),
}

/// Prints the length only: media do not belong in logs.
impl fmt::Debug for Datagram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rtp(bytes) => write!(f, "Rtp({} bytes)", bytes.len()),
            Self::Rtcp(bytes) => write!(f, "Rtcp({} bytes)", bytes.len()),
        }
    }
}

/// What the session tells.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A packet of media, in order of arrival; never a duplicate.
    Packet(ReceivedPacket),
    /// The peer needs a keyframe (PLI or FIR); repetitions are filtered out.
    KeyframeRequested {
        /// The stream that is to be refreshed.
        stream: SendStreamId,
    },
    /// The peer reported how it receives a stream.
    Quality {
        /// The stream that it reported about.
        stream: SendStreamId,
        /// What it said.
        quality: Quality,
    },
    /// What the path carries has changed by a fiftieth or more: send no more than that.
    Estimate {
        /// bit/s of RTP packets of all streams together, headers and retransmissions included.
        bits_per_second: u64,
    },
    /// Nothing of the stream arrived for the configured time. Told once until packets come again.
    Silence {
        /// The stream.
        stream: ReceiveStreamId,
    },
    /// The peer ended the stream.
    Bye {
        /// The stream.
        stream: ReceiveStreamId,
    },
}

/// A packet of media.
#[non_exhaustive]
#[derive(Clone, PartialEq, Eq)]
pub struct ReceivedPacket {
    /// Its stream.
    pub stream: ReceiveStreamId,
    /// Its sequence number without wrap: grows through wraps, restarts and changes of source. The
    /// first of a stream is the number on the wire plus 65,536, which leaves room for what was sent
    /// before it and comes after it.
    pub sequence: u64,
    /// Its timestamp as on the wire, in clock units, which wraps.
    pub timestamp: u32,
    /// The marker bit.
    pub marker: bool,
    /// The payload type: which of the stream's formats.
    pub payload_type: u8,
    /// The payload. The buffer may be given back with [`RtpSession::recycle`](crate::RtpSession::recycle).
    pub payload: Vec<u8>,
    /// Whether it came as a retransmission (RTX).
    pub recovered: bool,
    /// When it arrived.
    pub arrived: Instant,
}

/// Prints no payload: media do not belong in logs.
impl fmt::Debug for ReceivedPacket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReceivedPacket")
            .field("stream", &self.stream)
            .field("sequence", &self.sequence)
            .field("timestamp", &self.timestamp)
            .field("marker", &self.marker)
            .field("payload_len", &self.payload.len())
            .field("recovered", &self.recovered)
            .finish_non_exhaustive()
    }
}
