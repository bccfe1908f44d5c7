/// What a worker has done, in counts that name nobody and no time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SfuStats {
    /// Rooms that there are.
    pub rooms: u64,
    /// Participants that there are.
    pub participants: u64,
    /// Authentic RTP packets taken in.
    pub received: u64,
    /// RTP packets given out, retransmissions included.
    pub forwarded: u64,
    /// Packets repeated because a receiver missed them; part of `forwarded`.
    pub repeated: u64,
    /// Connectivity checks answered.
    pub checks: u64,
    /// Connectivity checks that were forged, malformed or for nobody.
    pub refused_checks: u64,
    /// Datagrams from addresses that no participant has proven to be its own.
    pub unknown_address: u64,
    /// Datagrams that are none of the protocols spoken here, too long, or of a kind that cannot be yet.
    pub unknown_kind: u64,
    /// SRTP and SRTCP packets that were not authentic.
    pub forged: u64,
    /// SRTP and SRTCP packets that had been received before.
    pub replayed: u64,
    /// Authentic packets of sources that the participant had not announced, or malformed inside.
    pub unknown_source: u64,
    /// Authentic packets beyond the participant's rate.
    pub over_rate: u64,
    /// Packets that found a queue full.
    pub overflown: u64,
    /// DTLS sessions that failed, wrong fingerprints included.
    pub failed_handshakes: u64,
}
