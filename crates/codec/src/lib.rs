#![doc = include_str!("../README.md")]
#![deny(unsafe_code)] // Not `forbid`: the module `sys` wraps libvpx.

mod audio_frame;
mod downscale;
mod error;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod opus;
mod playout;
mod simulcast;
pub mod speech;
mod sys;
mod video_frame;
mod vp8;

pub use audio_frame::{AudioFrame, Channels, FRAME_SAMPLES, SAMPLE_RATE};
pub use error::Error;
pub use opus::{
    EncodedAudio, MAX_OPUS_FRAME_BYTES, OpusApplication, OpusConfig, OpusDecoder, OpusEncoder,
    OpusPacket, OpusPacketizer, OpusPayload, OpusRule,
};
pub use playout::{
    AudioReceiver, AudioSource, AudioStats, MAX_PLAYOUT_BYTES, MAX_PLAYOUT_PACKETS,
    MAX_PLAYOUT_PAYLOAD, PlayedAudio, Playout, PlayoutBuffer, PlayoutConfig, PlayoutPacket,
    PlayoutStats, Pulled, Pushed,
};
pub use simulcast::{LayerFrame, SimulcastConfig, SimulcastEncoder, SimulcastLayer};
pub use video_frame::{MAX_DIMENSION, MAX_PIXELS, Plane, PlaneId, VideoFrame};
pub use vp8::{
    AssembledFrame, AssemblerConfig, AssemblerOutput, AssemblerStats, EncodedVideo, FrameEvent,
    LostFrames, MAX_BUFFERED_BYTES, MAX_BUFFERED_PACKETS, MAX_FRAME_BYTES, MAX_FRAME_PACKETS,
    MAX_FRAMES_IN_FLIGHT, PictureId, TemporalLayer, Vp8Assembler, Vp8Config, Vp8Decoder,
    Vp8Descriptor, Vp8Encoder, Vp8FrameHeader, Vp8Packet, Vp8Packetizer, Vp8Payload, is_keyframe,
};
