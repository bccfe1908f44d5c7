//! One's own pictures, in layers: each is encoded, sealed and sent as a stream of its own, and the server forwards to everybody
//! the one that suits them.

use rand_core::CryptoRng;
use zentalk_codec::{
    LayerFrame, SimulcastConfig, SimulcastEncoder, SimulcastLayer, VideoFrame, Vp8Packetizer,
};
use zentalk_group_keys::{FrameCodec, FrameKeyring, MediaKind, StreamId};
use zentalk_primitives::Instant;
use zentalk_rtp_session::{RtpSession, SendStreamId};

use super::frames::OwnFrames;
use crate::Error;
use crate::engine::config::MediaConfig;
use crate::engine::media::SealFrames;

/// Turns pictures into packets of several layers.
pub(super) struct Camera {
    layers: Vec<Layer>,
    encoder: Option<SimulcastEncoder>,
    bit_rate: u32,
    frame_rate: u32,
    protected: Vec<u8>,
}

/// One of its streams.
struct Layer {
    layer: SimulcastLayer,
    stream: SendStreamId,
    packetizer: Vp8Packetizer,
}

/// The server lets frames of the higher one go where a receiver's path is narrow. Receivers rely on the number ([`References`](super::order)).
pub(super) const TEMPORAL_LAYERS: u8 = 2;
/// Less than this is no picture any more.
const MIN_BIT_RATE: u32 = 60_000;

impl Camera {
    pub(super) fn new(config: &MediaConfig) -> Self {
        Self {
            layers: Vec::new(),
            encoder: None,
            bit_rate: config.video_bit_rate,
            frame_rate: config.video_frame_rate,
            protected: Vec::new(),
        }
    }

    /// One more layer, from the lowest up.
    pub(super) fn add_layer(
        &mut self,
        layer: SimulcastLayer,
        stream: SendStreamId,
        session: &RtpSession,
        rng: &mut impl CryptoRng,
    ) -> Result<(), Error> {
        // A random start, as RFC 7741 §4.2 asks of picture ids.
        let picture_id = (rng.next_u32() & 0x7fff) as u16;
        let packetizer = Vp8Packetizer::new(session.max_payload_len(stream)?, picture_id)?;
        self.layers.push(Layer { layer, stream, packetizer });
        Ok(())
    }

    pub(super) fn streams(&self) -> impl Iterator<Item = SendStreamId> {
        self.layers.iter().map(|layer| layer.stream)
    }

    /// Makes the next picture of the stream one that can be decoded by itself.
    pub(super) fn request_keyframe(&mut self, stream: SendStreamId) {
        let layer = self.layers.iter().find(|layer| layer.stream == stream);
        if let (Some(encoder), Some(layer)) = (&mut self.encoder, layer) {
            encoder.request_keyframe(layer.layer);
        }
    }

    /// The same in every layer: the keys changed, or somebody came.
    pub(super) fn request_keyframes(&mut self) {
        if let Some(encoder) = &mut self.encoder {
            encoder.request_keyframes();
        }
    }

    /// What all layers together may cost.
    pub(super) fn set_bit_rate(&mut self, bits_per_second: u32) -> Result<(), Error> {
        self.bit_rate = bits_per_second.max(MIN_BIT_RATE);
        match &mut self.encoder {
            Some(encoder) => Ok(encoder.set_bit_rate(self.bit_rate)?),
            None => Ok(()),
        }
    }

    pub(super) fn send(
        &mut self,
        now: Instant,
        picture: &VideoFrame,
        keys: &mut FrameKeyring,
        session: &mut RtpSession,
    ) -> Result<(), Error> {
        for encoded in self.encoder_for(picture)?.encode(picture)? {
            self.send_layer(now, &encoded, keys, session)?;
        }
        Ok(())
    }

    fn send_layer(
        &mut self,
        now: Instant,
        encoded: &LayerFrame,
        keys: &mut FrameKeyring,
        session: &mut RtpSession,
    ) -> Result<(), Error> {
        let place = self.layers.iter_mut().find(|layer| layer.layer == encoded.layer);
        let Some(Layer { stream, packetizer, layer }) = place else { return Ok(()) };
        let id = u8::try_from(layer.index()).ok();
        let id = id.and_then(|layer| StreamId::new(MediaKind::Camera, layer));
        let mut frames = OwnFrames { keys, stream: id.ok_or(Error::Internal)? };
        frames.seal(FrameCodec::Vp8, encoded.frame.data(), &mut self.protected)?;
        let payloads = match encoded.frame.temporal() {
            Some(temporal) => {
                let reference = encoded.frame.is_reference();
                packetizer.packetize_layered(&self.protected, temporal, reference)?
            }
            None => packetizer.packetize(&self.protected)?,
        };
        for payload in payloads {
            let timestamp = encoded.frame.timestamp();
            session.send(now, *stream, timestamp, payload.marker, &payload.payload)?;
        }
        Ok(())
    }

    /// Made for the size of the first picture, and again when the size changes.
    fn encoder_for(&mut self, picture: &VideoFrame) -> Result<&mut SimulcastEncoder, Error> {
        let size = (picture.width(), picture.height());
        let fits = self.encoder.as_ref().is_some_and(|encoder| encoder.config().size() == size);
        if !fits {
            let config = SimulcastConfig::new(size.0, size.1)?
                .bit_rate(self.bit_rate)?
                .frame_rate(self.frame_rate)?
                .layers(u8::try_from(self.layers.len()).unwrap_or(u8::MAX))?
                .temporal_layers(TEMPORAL_LAYERS)?;
            self.encoder = Some(SimulcastEncoder::new(&config)?);
        }
        self.encoder.as_mut().ok_or(Error::Internal)
    }
}
