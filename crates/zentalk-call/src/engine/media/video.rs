//! Pictures: encode, seal, packetize; and back.

use zentalk_codec::{
    AssembledFrame, AssemblerConfig, AssemblerOutput, FrameEvent, VideoFrame, Vp8Assembler,
    Vp8Config, Vp8Decoder, Vp8Encoder, Vp8Packet, Vp8Packetizer,
};
use zentalk_group_keys::FrameCodec;
use zentalk_primitives::Instant;
use zentalk_rtp_session::{ReceivedPacket, RtpSession, SendStreamId};

use super::protection::{OpenFrames, SealFrames};
use crate::Error;
use crate::engine::event::Picture;

/// What video costs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VideoSettings {
    /// Bits a second.
    pub(crate) bit_rate: u32,
    /// Pictures a second that the application will give.
    pub(crate) frame_rate: u32,
}

/// Turns pictures into packets.
pub(crate) struct VideoSender {
    stream: SendStreamId,
    settings: VideoSettings,
    /// Made for the size of the first picture, and again when the size changes.
    encoder: Option<Vp8Encoder>,
    packetizer: Vp8Packetizer,
    protected: Vec<u8>,
}

impl VideoSender {
    pub(crate) fn new(
        stream: SendStreamId,
        settings: VideoSettings,
        packetizer: Vp8Packetizer,
    ) -> Self {
        Self { stream, settings, encoder: None, packetizer, protected: Vec::new() }
    }

    pub(crate) fn stream(&self) -> SendStreamId {
        self.stream
    }

    /// Makes the next picture one that can be decoded by itself.
    pub(crate) fn request_keyframe(&mut self) {
        if let Some(encoder) = &mut self.encoder {
            encoder.request_keyframe();
        }
    }

    pub(crate) fn send(
        &mut self,
        now: Instant,
        picture: &VideoFrame,
        frames: &mut impl SealFrames,
        session: &mut RtpSession,
    ) -> Result<(), Error> {
        let Some(encoded) = self.encoder_for(picture)?.encode(picture)? else { return Ok(()) };
        frames.seal(FrameCodec::Vp8, encoded.data(), &mut self.protected)?;
        for payload in self.packetizer.packetize(&self.protected)? {
            let timestamp = encoded.timestamp();
            session.send(now, self.stream, timestamp, payload.marker, &payload.payload)?;
        }
        Ok(())
    }

    fn encoder_for(&mut self, picture: &VideoFrame) -> Result<&mut Vp8Encoder, Error> {
        let size = (picture.width(), picture.height());
        let fits = self.encoder.as_ref().is_some_and(|encoder| encoder.config().size() == size);
        if !fits {
            let config = Vp8Config::new(size.0, size.1)?
                .bit_rate(self.settings.bit_rate)?
                .frame_rate(self.settings.frame_rate)?;
            self.encoder = Some(Vp8Encoder::new(&config)?);
        }
        self.encoder.as_mut().ok_or(Error::Internal)
    }
}

/// Turns packets into pictures.
pub(crate) struct VideoReceiver {
    assembler: Vp8Assembler,
    decoder: Vp8Decoder,
    opened: Vec<u8>,
    refused: u64,
    decoded: u64,
}

/// What the receiver has to say.
pub(crate) enum VideoOutput {
    Picture(Picture),
    /// The sender should make a keyframe.
    NeedsKeyframe,
    Timeout(Option<Instant>),
}

impl VideoReceiver {
    pub(crate) fn new() -> Self {
        Self {
            assembler: Vp8Assembler::new(AssemblerConfig::default()),
            decoder: Vp8Decoder::new(),
            opened: Vec::new(),
            refused: 0,
            decoded: 0,
        }
    }

    /// Frames that did not open.
    pub(crate) fn refused(&self) -> u64 {
        self.refused
    }

    /// Pictures decoded.
    pub(crate) fn decoded(&self) -> u64 {
        self.decoded
    }

    pub(crate) fn handle_packet(&mut self, now: Instant, packet: ReceivedPacket) {
        let packet = Vp8Packet {
            sequence: packet.sequence,
            timestamp: packet.timestamp,
            marker: packet.marker,
            payload: packet.payload,
        };
        // A packet that is no piece of VP8 is dropped and counted by the assembler.
        let _ = self.assembler.handle_input(now, packet);
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.assembler.handle_timeout(now);
    }

    pub(crate) fn poll_output(
        &mut self,
        now: Instant,
        frames: &mut impl OpenFrames,
    ) -> VideoOutput {
        loop {
            match self.assembler.poll_output() {
                AssemblerOutput::Event(FrameEvent::Frame(frame)) => {
                    if let Some(output) = self.take(now, &frame, frames) {
                        return output;
                    }
                }
                AssemblerOutput::Event(FrameEvent::NeedsKeyframe) => {
                    return VideoOutput::NeedsKeyframe;
                }
                AssemblerOutput::Timeout(at) => return VideoOutput::Timeout(at),
                _ => {}
            }
        }
    }

    /// Opens and decodes a frame. One that fails breaks the chain: what refers to it is useless.
    fn take(
        &mut self,
        now: Instant,
        frame: &AssembledFrame,
        frames: &mut impl OpenFrames,
    ) -> Option<VideoOutput> {
        if frames.open(FrameCodec::Vp8, &frame.data, &mut self.opened).is_err() {
            self.refused += 1;
            self.assembler.require_keyframe(now);
            return None;
        }
        match self.decoder.decode(&self.opened, frame.timestamp) {
            Ok(Some(picture)) => {
                self.decoded += 1;
                let encoded = core::mem::take(&mut self.opened);
                let keyframe = frame.keyframe;
                Some(VideoOutput::Picture(Picture { frame: picture, encoded, keyframe }))
            }
            Ok(None) => None,
            Err(_) => {
                self.refused += 1;
                self.assembler.require_keyframe(now);
                None
            }
        }
    }
}
