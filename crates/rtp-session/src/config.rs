use core::time::Duration;

use zentalk_primitives::UnixTime;

use crate::Error;
use crate::limits::{DEFAULT_MTU, DEFAULT_SILENCE, MAX_FORMATS, MAX_MTU, MIN_MTU};

/// The longest mid that the one-byte extension form carries (RFC 8285 §4.2).
const MAX_MID_LEN: usize = 16;

/// What a receive stream carries. Decides defaults only.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MediaKind {
    /// Missing packets are not asked for by default: concealment is quicker.
    Audio,
    /// Missing packets are asked for by default.
    Video,
}

/// The settings of a session.
#[derive(Clone, Debug)]
pub struct SessionConfig {
    pub(crate) wall_clock: UnixTime,
    pub(crate) mtu: usize,
    pub(crate) silence_after: Duration,
    pub(crate) reduced_size: bool,
}

impl SessionConfig {
    /// The defaults. `wall_clock` is what the wall clock shows at the `now` that the session is made
    /// with; sender reports carry it, and later changes of the system's clock do not reach the session.
    pub fn new(wall_clock: UnixTime) -> Self {
        let (mtu, silence_after) = (DEFAULT_MTU, DEFAULT_SILENCE);
        Self { wall_clock, mtu, silence_after, reduced_size: false }
    }

    /// The largest RTP packet in bytes, header included, SRTP's trailer not:
    /// [`MIN_MTU`] to [`MAX_MTU`], by default [`DEFAULT_MTU`].
    #[must_use]
    pub fn mtu(mut self, bytes: usize) -> Self {
        self.mtu = bytes;
        self
    }

    /// After how long without packets a stream is reported silent; by default [`DEFAULT_SILENCE`].
    #[must_use]
    pub fn silence_after(mut self, duration: Duration) -> Self {
        self.silence_after = duration;
        self
    }

    /// Whether feedback is sent without report and CNAME in front (RFC 5506). Off by default: both
    /// sides must have agreed to it (`a=rtcp-rsize`). It is always accepted.
    #[must_use]
    pub fn reduced_size(mut self, on: bool) -> Self {
        self.reduced_size = on;
        self
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        let mtu_ok = (MIN_MTU..=MAX_MTU).contains(&self.mtu);
        if mtu_ok && !self.silence_after.is_zero() { Ok(()) } else { Err(Error::InvalidConfig) }
    }
}

/// A mid and the extension id that carries it (RFC 8843 §15).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mid {
    pub(crate) extension_id: u8,
    pub(crate) value: Vec<u8>,
}

impl Mid {
    fn new(extension_id: u8, value: &str) -> Self {
        Self { extension_id, value: value.as_bytes().to_vec() }
    }

    fn is_valid(&self) -> bool {
        (1..=14).contains(&self.extension_id) && (1..=MAX_MID_LEN).contains(&self.value.len())
    }
}

/// A stream that this side sends.
#[derive(Clone, Debug)]
pub struct SendStreamConfig {
    pub(crate) ssrc: u32,
    pub(crate) payload_type: u8,
    pub(crate) clock_rate: u32,
    pub(crate) rtx: Option<(u32, u8)>,
    pub(crate) mid: Option<Mid>,
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

    /// Answers NACKs by sending the same packet again, where there is no RTX. Off by default: it needs
    /// an SRTP sender that protects a sequence number twice, or keeps what it protected.
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
        if types_ok && mid_ok && self.clock_rate > 0 { Ok(()) } else { Err(Error::InvalidConfig) }
    }
}

/// A payload type that a receive stream takes, and that of its retransmissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Format {
    pub(crate) payload_type: u8,
    pub(crate) rtx: Option<u8>,
}

/// A stream that the peer sends.
///
/// Its source comes from SDP, or is adopted from the first packet that carries the stream's mid or, if
/// the packet carries none, a payload type that only this stream takes (RFC 8843 §9.2).
#[derive(Clone, Debug)]
pub struct ReceiveStreamConfig {
    pub(crate) clock_rate: u32,
    pub(crate) formats: Vec<Format>,
    pub(crate) ssrc: Option<u32>,
    pub(crate) rtx_ssrc: Option<u32>,
    pub(crate) mid: Option<Mid>,
    pub(crate) nack: bool,
}

impl ReceiveStreamConfig {
    /// A stream of unknown source and with no format yet; `clock_rate` in Hz.
    pub fn new(kind: MediaKind, clock_rate: u32) -> Self {
        Self {
            clock_rate,
            formats: Vec::new(),
            ssrc: None,
            rtx_ssrc: None,
            mid: None,
            nack: kind == MediaKind::Video,
        }
    }

    /// Takes packets with this payload type, and retransmissions of them with `rtx_payload_type`
    /// (the `apt` relation of RFC 4588 §8.6). At least one and at most [`MAX_FORMATS`].
    #[must_use]
    pub fn format(mut self, payload_type: u8, rtx_payload_type: Option<u8>) -> Self {
        self.formats.push(Format { payload_type, rtx: rtx_payload_type });
        self
    }

    /// The source that SDP announced.
    #[must_use]
    pub fn ssrc(mut self, ssrc: u32) -> Self {
        self.ssrc = Some(ssrc);
        self
    }

    /// The source of retransmissions that SDP announced.
    #[must_use]
    pub fn rtx_ssrc(mut self, ssrc: u32) -> Self {
        self.rtx_ssrc = Some(ssrc);
        self
    }

    /// The media section: extension id 1 to 14, value 1 to 16 bytes.
    #[must_use]
    pub fn mid(mut self, extension_id: u8, value: &str) -> Self {
        self.mid = Some(Mid::new(extension_id, value));
        self
    }

    /// Whether missing packets are asked for; by default for video.
    #[must_use]
    pub fn nack(mut self, on: bool) -> Self {
        self.nack = on;
        self
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        let formats_ok = (1..=MAX_FORMATS).contains(&self.formats.len())
            && self.formats.iter().all(|format| {
                let Format { payload_type, rtx } = *format;
                payload_type < 128 && rtx.is_none_or(|rtx| rtx < 128 && rtx != payload_type)
            });
        let sources_ok = self.ssrc.is_none() || self.ssrc != self.rtx_ssrc;
        let mid_ok = self.mid.as_ref().is_none_or(Mid::is_valid);
        if formats_ok && sources_ok && mid_ok && self.clock_rate > 0 {
            Ok(())
        } else {
            Err(Error::InvalidConfig)
        }
    }
}
