use core::time::Duration;

/// How the media of a call is protected.
///
/// It exists only once the peer's certificate matched the fingerprint that came through the ratchet.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Security {
    /// `DTLS 1.2` or `DTLS 1.3`.
    pub dtls_version: String,
    /// The cipher suite of the handshake.
    pub cipher_suite: String,
    /// The SRTP profile.
    pub srtp_profile: &'static str,
    /// The suite that frames are sealed with, inside SRTP.
    pub frame_suite: &'static str,
}

/// How a call does: counters since its media began, rates over the last second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct CallStats {
    /// The round trip, once measured.
    pub round_trip: Option<Duration>,
    /// The audio stream.
    pub audio: StreamStats,
    /// The video stream.
    pub video: StreamStats,
    /// Datagrams that were not authentic, replayed, malformed, or came before there were keys.
    pub datagrams_refused: u64,
    /// Frames that did not open: not authentic, replayed, or of another stream.
    pub frames_refused: u64,
    /// 20 ms frames played, concealed ones not counted.
    pub audio_frames_played: u64,
    /// 20 ms frames that were made up because nothing arrived in time.
    pub audio_frames_concealed: u64,
    /// Pictures decoded.
    pub pictures_decoded: u64,
}

/// One stream in both directions.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct StreamStats {
    /// RTP packets sent, repetitions not counted.
    pub packets_sent: u64,
    /// RTP packets sent again.
    pub packets_repeated: u64,
    /// RTP packets received.
    pub packets_received: u64,
    /// RTP packets that never came, not even again.
    pub packets_lost: u64,
    /// Interarrival jitter of what is received (RFC 3550 appendix A.8).
    pub jitter: Duration,
    /// Bits a second sent.
    pub send_bit_rate: u64,
    /// Bits a second received.
    pub receive_bit_rate: u64,
}

impl CallStats {
    /// The same with what was counted before it. Rates, jitter and round trip are of now.
    pub(super) fn after(self, earlier: &Self) -> Self {
        Self {
            round_trip: self.round_trip,
            audio: self.audio.after(&earlier.audio),
            video: self.video.after(&earlier.video),
            datagrams_refused: self.datagrams_refused + earlier.datagrams_refused,
            frames_refused: self.frames_refused + earlier.frames_refused,
            audio_frames_played: self.audio_frames_played + earlier.audio_frames_played,
            audio_frames_concealed: self.audio_frames_concealed + earlier.audio_frames_concealed,
            pictures_decoded: self.pictures_decoded + earlier.pictures_decoded,
        }
    }
}

impl StreamStats {
    fn after(self, earlier: &Self) -> Self {
        Self {
            packets_sent: self.packets_sent + earlier.packets_sent,
            packets_repeated: self.packets_repeated + earlier.packets_repeated,
            packets_received: self.packets_received + earlier.packets_received,
            packets_lost: self.packets_lost + earlier.packets_lost,
            ..self
        }
    }
}
