use core::time::Duration;

/// How the peer receives a stream, from its last report (RFC 3550 §6.4.1).
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quality {
    /// Share of packets lost in its last interval, 0 to 1; retransmissions are not counted in.
    pub fraction_lost: f32,
    /// Packets lost since the beginning; negative where duplicates outnumber losses.
    pub packets_lost: i32,
    /// Interarrival jitter.
    pub jitter: Duration,
    /// The round trip that the report shows, if it answers a sender report of ours.
    pub round_trip: Option<Duration>,
}

/// The counts of one send stream.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SendStats {
    /// Packets sent, retransmissions not counted.
    pub packets: u64,
    /// Payload bytes sent, retransmissions not counted.
    pub octets: u64,
    /// Packets sent again.
    pub retransmitted_packets: u64,
    /// Payload bytes sent again.
    pub retransmitted_octets: u64,
    /// Packets that the peer asked for again.
    pub nacks_received: u64,
    /// PLIs and FIRs of the peer, repetitions included.
    pub keyframe_requests_received: u64,
    /// Bits per second over the last whole second, RTP headers and retransmissions included.
    pub bit_rate: u64,
    /// How the peer receives the stream.
    pub remote: Option<Quality>,
}

/// The counts of one receive stream.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ReceiveStats {
    /// Packets received on the stream's own source, duplicates included.
    pub packets: u64,
    /// Their payload bytes.
    pub octets: u64,
    /// Packets that only a retransmission (RTX) brought.
    pub recovered: u64,
    /// Packets that were dropped because they had come before.
    pub duplicates: u64,
    /// Packets expected less packets received, before retransmission (RFC 3550 §6.4.1).
    pub lost: i64,
    /// Share of packets lost in the last report's interval, 0 to 1.
    pub fraction_lost: f32,
    /// Interarrival jitter (RFC 3550 appendix A.8).
    pub jitter: Duration,
    /// Requests for missing packets sent, repetitions included.
    pub nacks_sent: u64,
    /// Missing packets that are no longer asked for.
    pub given_up: u64,
    /// PLIs sent.
    pub keyframe_requests_sent: u64,
    /// Bits per second over the last whole second, RTP headers and retransmissions included.
    pub bit_rate: u64,
}

/// The counts of a session as a whole.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SessionStats {
    /// The smoothed round trip, once one was measured.
    pub round_trip: Option<Duration>,
    /// Datagrams dropped because they are no RTP packets.
    pub malformed_rtp: u64,
    /// Datagrams dropped because one of their RTCP packets is malformed.
    pub malformed_rtcp: u64,
    /// RTP packets dropped because their source or payload type is not known.
    pub unknown: u64,
    /// RTP packets dropped because of an implausible sequence number.
    pub implausible: u64,
    /// RTCP datagrams sent.
    pub rtcp_sent: u64,
    /// RTCP datagrams received and understood.
    pub rtcp_received: u64,
}
