//! Sound: encode, seal, send; and back, one frame every 20 ms.

use core::time::Duration;

use zentalk_codec::{
    AudioFrame, AudioReceiver as Player, AudioStats, Channels, OpusConfig, OpusEncoder,
    OpusPacketizer, PlayedAudio, PlayoutConfig,
};
use zentalk_group_keys::FrameCodec;
use zentalk_primitives::Instant;
use zentalk_rtp_session::{ReceivedPacket, RtpSession, SendStreamId};

use super::protection::{OpenFrames, SealFrames};
use crate::Error;

/// Turns sound into packets.
pub(crate) struct AudioSender {
    stream: SendStreamId,
    encoder: OpusEncoder,
    packetizer: OpusPacketizer,
    protected: Vec<u8>,
}

impl AudioSender {
    pub(crate) fn new(stream: SendStreamId, config: &OpusConfig) -> Result<Self, Error> {
        let encoder = OpusEncoder::new(config)?;
        let packetizer = OpusPacketizer::new();
        Ok(Self { stream, encoder, packetizer, protected: Vec::new() })
    }

    pub(crate) fn stream(&self) -> SendStreamId {
        self.stream
    }

    /// Tells the encoder how much is lost on the way, so that it adds as much redundancy (RFC 6716 §2.1.7).
    pub(crate) fn set_expected_loss(&mut self, share: f32) -> Result<(), Error> {
        // A share of 0 to 1 as per cent: the cast of a clamped value loses its fraction only.
        Ok(self.encoder.set_expected_loss((share.clamp(0.0, 1.0) * 100.0) as u8)?)
    }

    pub(crate) fn send(
        &mut self,
        now: Instant,
        frame: &AudioFrame,
        frames: &mut impl SealFrames,
        session: &mut RtpSession,
    ) -> Result<(), Error> {
        let encoded = self.encoder.encode(frame)?;
        let Some(payload) = self.packetizer.packetize(encoded) else { return Ok(()) };
        frames.seal(FrameCodec::Opus, &payload.payload, &mut self.protected)?;
        session.send(now, self.stream, payload.timestamp, payload.marker, &self.protected)?;
        Ok(())
    }
}

/// Turns packets into an even stream of sound.
pub(crate) struct AudioReceiver {
    player: Player,
    /// When the next 20 ms are to be played; nothing before the first packet.
    next_tick: Option<Instant>,
    refused: u64,
}

/// The cadence of playing.
const TICK: Duration = Duration::from_millis(20);
/// After a pause of the caller's (a suspended machine) ticks are not made up for beyond this.
const MAX_CATCH_UP: Duration = Duration::from_millis(200);

impl AudioReceiver {
    pub(crate) fn new(channels: Channels) -> Result<Self, Error> {
        let player = Player::new(PlayoutConfig::default(), channels)?;
        Ok(Self { player, next_tick: None, refused: 0 })
    }

    /// Frames that did not open.
    pub(crate) fn refused(&self) -> u64 {
        self.refused
    }

    pub(crate) fn stats(&self) -> &AudioStats {
        self.player.stats()
    }

    /// Opens the frame on arrival, so that what waits to be played is authentic. Returns whether it was.
    pub(crate) fn handle_packet(
        &mut self,
        now: Instant,
        packet: &ReceivedPacket,
        frames: &mut impl OpenFrames,
    ) -> bool {
        let mut opened = Vec::with_capacity(packet.payload.len());
        if frames.open(FrameCodec::Opus, &packet.payload, &mut opened).is_err() {
            self.refused += 1;
            return false;
        }
        // A payload that is too large for Opus is dropped and counted by the buffer.
        let _ = self.player.push(now, packet.sequence, packet.timestamp, opened);
        self.next_tick.get_or_insert(now);
        true
    }

    /// The sound that is due, if any.
    pub(crate) fn poll(&mut self, now: Instant) -> Option<PlayedAudio> {
        while let Some(tick) = self.next_tick.filter(|tick| *tick <= now) {
            let late = now.saturating_since(tick);
            let tick = if late > MAX_CATCH_UP { now } else { tick };
            self.next_tick = Some(tick + TICK);
            if let Some(played) = self.player.pull(tick) {
                return Some(played);
            }
        }
        None
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.next_tick
    }
}
