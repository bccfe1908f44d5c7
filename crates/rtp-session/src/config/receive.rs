use super::extension::{Mid, is_extension_id};
use crate::Error;
use crate::limits::MAX_FORMATS;

/// What a receive stream carries. Decides defaults only.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MediaKind {
    /// Missing packets are not asked for by default: concealment is quicker.
    Audio,
    /// Missing packets are asked for by default.
    Video,
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
    pub(crate) transport_cc: Option<u8>,
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
            transport_cc: None,
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

    /// Tells the peer when the stream's packets arrive, by the transport-wide numbers in this extension,
    /// 1 to 14: transport-wide feedback, every 50 to 100 ms for all such streams together.
    #[must_use]
    pub fn transport_cc(mut self, extension_id: u8) -> Self {
        self.transport_cc = Some(extension_id);
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
        let congestion_ok = self.transport_cc.is_none_or(is_extension_id);
        if formats_ok && sources_ok && mid_ok && congestion_ok && self.clock_rate > 0 {
            Ok(())
        } else {
            Err(Error::InvalidConfig)
        }
    }
}
