//! VP8: encoder and decoder over libvpx, frame header (RFC 6386), RTP payload (RFC 7741).

mod assembler;
mod config;
mod decoder;
mod descriptor;
mod encoder;
mod event;
mod header;
mod packetizer;
mod partial_frame;
mod reassembly;
mod temporal;

pub use assembler::{AssemblerOutput, Vp8Assembler};
pub use config::Vp8Config;
pub use decoder::Vp8Decoder;
pub use descriptor::{PictureId, TemporalLayer, Vp8Descriptor};
pub use encoder::{EncodedVideo, Vp8Encoder};
pub use event::{
    AssembledFrame, AssemblerConfig, AssemblerStats, FrameEvent, LostFrames, Vp8Packet,
};
pub use header::{Vp8FrameHeader, is_keyframe};
pub use packetizer::{MAX_FRAME_BYTES, MAX_FRAME_PACKETS, Vp8Packetizer, Vp8Payload};
pub use reassembly::{MAX_BUFFERED_BYTES, MAX_BUFFERED_PACKETS, MAX_FRAMES_IN_FLIGHT};
pub(crate) use temporal::{Role, layer_ids, shares};
