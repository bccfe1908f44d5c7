use ::opus::Decoder;

use super::OpusPacket;
use super::encoder::raw_channels;
use crate::audio_frame::LONGEST;
use crate::{AudioFrame, Channels, Error, FRAME_SAMPLES, SAMPLE_RATE};

/// Decodes Opus packets of any legal duration to 48 kHz, conceals lost ones, and recovers a lost one
/// from the FEC data of the next.
///
/// Give it every packet in order, and exactly one of [`Self::conceal`] or [`Self::recover`] for every
/// lost one: its output then is one continuous signal.
#[derive(Debug)]
pub struct OpusDecoder {
    inner: Decoder,
    channels: Channels,
}

impl OpusDecoder {
    /// A decoder that plays mono or stereo, whichever is sent.
    ///
    /// # Errors
    /// [`Error::SetUp`] if libopus has no memory.
    pub fn new(channels: Channels) -> Result<Self, Error> {
        let inner = Decoder::new(SAMPLE_RATE, raw_channels(channels)).map_err(|_| Error::SetUp)?;
        Ok(Self { inner, channels })
    }

    /// One channel or two.
    pub fn channels(&self) -> Channels {
        self.channels
    }

    /// Decodes one packet whose first sample has the RTP timestamp `timestamp` (48 kHz). The packet is
    /// checked against RFC 6716 §3.4 before libopus sees it.
    ///
    /// # Errors
    /// [`Error::MalformedOpusPacket`], with the decoder unchanged; [`Error::UndecodableAudio`].
    pub fn decode(&mut self, packet: &[u8], timestamp: u32) -> Result<AudioFrame, Error> {
        let samples = OpusPacket::parse(packet)?.samples();
        self.run(packet, samples, false, timestamp)
    }

    /// Makes up the 20 ms of a lost packet from what was heard before (packet loss concealment).
    ///
    /// # Errors
    /// [`Error::UndecodableAudio`].
    pub fn conceal(&mut self, timestamp: u32) -> Result<AudioFrame, Error> {
        self.run(&[], FRAME_SAMPLES, false, timestamp)
    }

    /// Recovers the 20 ms of a lost packet from `next`, the packet right behind it. `None`, with the
    /// decoder unchanged, if `next` carries no FEC data: then [`Self::conceal`].
    ///
    /// # Errors
    /// [`Error::MalformedOpusPacket`], with the decoder unchanged; [`Error::UndecodableAudio`].
    pub fn recover(&mut self, next: &[u8], timestamp: u32) -> Result<Option<AudioFrame>, Error> {
        if !OpusPacket::parse(next)?.has_fec() {
            return Ok(None);
        }
        self.run(next, FRAME_SAMPLES, true, timestamp).map(Some)
    }

    /// Decodes into exactly `samples` per channel: what a well-formed packet announces.
    fn run(
        &mut self,
        packet: &[u8],
        samples: usize,
        fec: bool,
        timestamp: u32,
    ) -> Result<AudioFrame, Error> {
        let mut pcm = vec![0; samples.min(LONGEST) * self.channels.count()];
        let decoded = self.inner.decode(packet, &mut pcm, fec);
        let decoded = decoded.map_err(|_| Error::UndecodableAudio)?;
        pcm.truncate(decoded * self.channels.count());
        AudioFrame::new(pcm, self.channels, timestamp).map_err(|_| Error::UndecodableAudio)
    }
}
