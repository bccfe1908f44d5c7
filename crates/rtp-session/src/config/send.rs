use super::extension::{Mid, Rid, is_extension_id};
use crate::Error;

/// A stream that this side sends.
#[derive(Clone, Debug)]
pub struct SendStreamConfig {
    pub(crate) ssrc: u32,
    pub(crate) payload_type: u8,
    pub(crate) clock_rate: u32,
    pub(crate) rtx: Option<(u32, u8)>,
    pub(crate) mid: Option<Mid>,
    pub(crate) rid: Option<Rid>,
    pub(crate) transport_cc: Option<u8>,
    pub(crate) paced: bool,
    pub(crate) plain_retransmission: bool,
    pub(crate) first_sequence: Option<u16>,
    pub(crate) timestamp_offset: Option<u32>,
}

impl SendStreamConfig {
    /// A stream with the source and payload type that SDP announced, and the payload's clock rate in
    /// Hz (48,000 for Opus, 90,000 for video).
    pub fn new(ssrc: u32, payload_type: u8, clock_rate: u32) -> Self {
        Self {
            ssrc,
            payload_type,
            clock_rate,
            rtx: None,
            mid: None,
            rid: None,
            transport_cc: None,
            paced: false,
            plain_retransmission: false,
            first_sequence: None,
            timestamp_offset: None,
        }
    }

    /// Answers NACKs with retransmissions on a source and payload type of their own (RFC 4588).
    #[must_use]
    pub fn rtx(mut self, ssrc: u32, payload_type: u8) -> Self {
        self.rtx = Some((ssrc, payload_type));
        self
    }

    /// Tells the peer which media section the stream is of: extension id 1 to 14, value 1 to 16 bytes.
    /// It is sent until the peer's reports show that it knows the source, and on every retransmission.
    #[must_use]
    pub fn mid(mut self, extension_id: u8, value: &str) -> Self {
        self.mid = Some(Mid::new(extension_id, value));
        self
    }

    /// Tells the peer which simulcast layer the stream is: two extension ids, 1 to 14, for media and for
    /// retransmissions, and a value of 1 to 16 letters and digits (RFC 8852). It is sent as long as the mid.
    #[must_use]
    pub fn rid(mut self, extension_id: u8, repaired_extension_id: u8, value: &str) -> Self {
        self.rid = Some(Rid::new(extension_id, repaired_extension_id, value));
        self
    }

    /// Numbers the stream's packets for transport-wide congestion control: extension id 1 to 14, the same
    /// for all streams that have one. The session then estimates what the path carries
    /// ([`Event::Estimate`](crate::Event::Estimate)).
    #[must_use]
    pub fn transport_cc(mut self, extension_id: u8) -> Self {
        self.transport_cc = Some(extension_id);
        self
    }

    /// Whether bursts of the stream are spread: packets leave at 2.5 times the estimate, but none later
    /// than [`MAX_PACING_DELAY`](crate::limits::MAX_PACING_DELAY). Off by default; it needs
    /// [`transport_cc`](Self::transport_cc), and is for video.
    #[must_use]
    pub fn paced(mut self, on: bool) -> Self {
        self.paced = on;
        self
    }

    /// Answers NACKs by sending the same packet again, where there is no RTX. Off by default: it needs
    /// an SRTP sender that protects a sequence number twice, or keeps what it protected, and goes
    /// with no [`transport_cc`](Self::transport_cc).
    #[must_use]
    pub fn plain_retransmission(mut self, on: bool) -> Self {
        self.plain_retransmission = on;
        self
    }

    /// The first sequence number, to go on where another session left off. By default random, below
    /// 32,768, so that losing the first packets cannot confuse SRTP's rollover counter (RFC 3711 §3.3.1).
    #[must_use]
    pub fn first_sequence(mut self, sequence: u16) -> Self {
        self.first_sequence = Some(sequence);
        self
    }

    /// What is added to the caller's timestamps. By default random (RFC 3550 §5.1).
    #[must_use]
    pub fn timestamp_offset(mut self, offset: u32) -> Self {
        self.timestamp_offset = Some(offset);
        self
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        let types_ok = self.payload_type < 128
            && self
                .rtx
                .is_none_or(|(ssrc, pt)| pt < 128 && pt != self.payload_type && ssrc != self.ssrc);
        let mid_ok = self.mid.as_ref().is_none_or(Mid::is_valid);
        let rid_ok = self.rid.as_ref().is_none_or(Rid::is_valid);
        let congestion_ok = self.transport_cc.map_or(!self.paced, is_extension_id)
            && self.has_distinct_extensions();
        // The same packet with another number would be protected twice under one nonce.
        let repeats_ok = self.transport_cc.is_none() || !self.plain_retransmission;
        if types_ok && mid_ok && rid_ok && congestion_ok && repeats_ok && self.clock_rate > 0 {
            Ok(())
        } else {
            Err(Error::InvalidConfig)
        }
    }

    fn has_distinct_extensions(&self) -> bool {
        let mid = self.mid.as_ref().map(|mid| mid.extension_id);
        let rids = self.rid.as_ref().map(|rid| [rid.extension_id, rid.repaired_extension_id]);
        let used = |id: u8| mid == Some(id) || rids.is_some_and(|rids| rids.contains(&id));
        let mid_apart = mid.is_none_or(|mid| rids.is_none_or(|rids| !rids.contains(&mid)));
        mid_apart && !self.transport_cc.is_some_and(used)
    }
}
