//! Opus: encoder and decoder over libopus, packet structure (RFC 6716), RTP payload (RFC 7587).

mod config;
mod decoder;
mod encoder;
mod packet;
mod payload;

pub use config::{OpusApplication, OpusConfig};
pub use decoder::OpusDecoder;
pub use encoder::{EncodedAudio, OpusEncoder};
pub use packet::{MAX_OPUS_FRAME_BYTES, OpusPacket, OpusRule};
pub use payload::{OpusPacketizer, OpusPayload};
