use super::EncodedAudio;

/// The RTP payload of one packet (RFC 7587 §4.2) with the header fields that it decides.
#[derive(Clone, PartialEq, Eq)]
pub struct OpusPayload {
    /// One Opus packet.
    pub payload: Vec<u8>,
    /// RTP timestamp: 48 kHz whatever the audio bandwidth (RFC 7587 §4.1).
    pub timestamp: u32,
    /// The RTP marker: set on the first packet after silence (RFC 3551 §4.1).
    pub marker: bool,
}

/// Prints the size and time only.
impl core::fmt::Debug for OpusPayload {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "OpusPayload({} bytes at {})", self.payload.len(), self.timestamp)
    }
}

/// Turns encoded frames into RTP payloads: one packet for one frame, none for silence under DTX.
///
/// The receiving side needs no counterpart: a payload is an Opus packet,
/// [`OpusPacket`](crate::OpusPacket) checks it, [`OpusDecoder`](crate::OpusDecoder) plays it.
#[derive(Clone, Debug, Default)]
pub struct OpusPacketizer {
    silent: bool,
}

impl OpusPacketizer {
    /// At the start of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// The packet for one frame; `None` if it is silence that need not be sent.
    pub fn packetize(&mut self, encoded: EncodedAudio) -> Option<OpusPayload> {
        if encoded.is_silence() {
            self.silent = true;
            return None;
        }
        let marker = core::mem::take(&mut self.silent);
        let timestamp = encoded.timestamp();
        Some(OpusPayload { payload: encoded.into_payload(), timestamp, marker })
    }
}
