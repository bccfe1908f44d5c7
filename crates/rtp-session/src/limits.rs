//! The named bounds of everything that a peer can make grow, and the defaults of the timers.

use core::time::Duration;

/// Send streams of one session.
pub const MAX_SEND_STREAMS: usize = 8;

/// Receive streams of one session, so that all reports fit one datagram of [`MIN_MTU`].
pub const MAX_RECEIVE_STREAMS: usize = 16;

/// Payload formats of one receive stream.
pub const MAX_FORMATS: usize = 8;

/// The least RTP packet size that a session may be set to, in bytes.
pub const MIN_MTU: usize = 960;

/// The default RTP packet size, header included, in bytes: with SRTP, UDP, TURN and IPv6 it stays
/// below 1,280, which every IPv6 path carries.
pub const DEFAULT_MTU: usize = 1_200;

/// The largest RTP packet size that a session may be set to, in bytes.
pub const MAX_MTU: usize = 9_000;

/// Free capacity behind every datagram that the session gives out, in bytes: room for an SRTCP index,
/// an MKI and a tag, so that protecting in place need not move the packet.
pub const SPARE_CAPACITY: usize = 40;

/// Buffers that are kept for reuse.
pub const MAX_POOLED_BUFFERS: usize = 256;

/// Sent packets that a stream remembers for retransmission.
pub const MAX_HISTORY_PACKETS: usize = 1_024;

/// Bytes of sent packets that a stream remembers.
pub const MAX_HISTORY_BYTES: usize = 2 * 1_024 * 1_024;

/// How long a sent packet is remembered.
pub const MAX_HISTORY_AGE: Duration = Duration::from_secs(2);

/// Bytes of retransmission that a stream may have saved up. Each byte of media sent earns one, so
/// retransmission never exceeds the media's own rate by more than this burst.
pub const MAX_RETRANSMISSION_BURST: usize = 128 * 1_024;

/// Bytes of retransmission that a stream starts with.
pub const INITIAL_RETRANSMISSION_BURST: usize = 8 * 1_024;

/// Sequence numbers of NACKs that are answered in one RTCP datagram.
pub const MAX_NACKED_PER_DATAGRAM: usize = 2_048;

/// Missing packets that a receive stream asks for; the oldest are given up first.
pub const MAX_MISSING: usize = 1_000;

/// How often a missing packet is asked for.
pub const MAX_NACK_TRIES: u8 = 8;

/// How long a missing packet is asked for.
pub const MAX_MISSING_AGE: Duration = Duration::from_millis(1_500);

/// How long a gap may be mere reordering before it is asked for.
pub const REORDER_TOLERANCE: Duration = Duration::from_millis(10);

/// Sequence numbers in one feedback datagram.
pub const MAX_NACKS_PER_FEEDBACK: usize = 128;

/// How far ahead of the last one a sequence number is believed at once (RFC 3550 appendix A.1).
pub const MAX_DROPOUT: u16 = 3_000;

/// How far behind the highest sequence number duplicates are still told from late packets.
pub const RECEIVE_WINDOW: u64 = 2_048;

/// The round trip assumed while none was measured.
pub const INITIAL_ROUND_TRIP: Duration = Duration::from_millis(100);

/// The largest round trip that is believed.
pub const MAX_ROUND_TRIP: Duration = Duration::from_secs(10);

/// The least time between two retransmissions of one packet, where the round trip is shorter.
pub const MIN_RESEND_INTERVAL: Duration = Duration::from_millis(10);

/// The least time between two keyframe requests for one stream, where the round trip is shorter.
pub const MIN_KEYFRAME_REQUEST_INTERVAL: Duration = Duration::from_millis(300);

/// Keyframe requests of a peer within this time after one that was reported are the same request.
/// Shorter than a peer's repetitions, so that the loss of a keyframe is noticed.
pub const KEYFRAME_REQUEST_WINDOW: Duration = Duration::from_millis(250);

/// The mean time between reports; each is drawn from half to one and a half of it (RFC 3550 §6.2).
pub const REPORT_INTERVAL: Duration = Duration::from_secs(1);

/// The default time without packets after which a stream is reported silent, peer to peer.
pub const DEFAULT_SILENCE: Duration = Duration::from_secs(5);

/// Packets of a transport whose arrival a receiver remembers for transport-wide feedback.
pub const FEEDBACK_WINDOW: u64 = 1_024;

/// Packets that one message of transport-wide feedback describes: at most 900 bytes.
pub const MAX_FEEDBACK_STATUSES: u64 = 384;

/// The least time between two transport-wide feedbacks.
pub const MIN_FEEDBACK_INTERVAL: Duration = Duration::from_millis(50);

/// The longest time between two transport-wide feedbacks while packets arrive.
pub const MAX_FEEDBACK_INTERVAL: Duration = Duration::from_millis(100);

/// Packets of a transport that a sender remembers until feedback tells of them: two seconds of a
/// thousand packets each.
pub const MAX_PACKETS_IN_FLIGHT: u64 = 2_048;

/// Messages of transport-wide feedback that are read in one RTCP datagram.
pub const MAX_FEEDBACKS_PER_DATAGRAM: usize = 4;

/// The longest that a paced packet is held back.
pub const MAX_PACING_DELAY: Duration = Duration::from_millis(100);

/// Packets that are held back at once; what comes beyond leaves at once.
pub const MAX_PACED_PACKETS: usize = 2_048;
