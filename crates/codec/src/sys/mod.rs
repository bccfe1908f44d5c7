//! The only unsafe code of the crate: libvpx behind two types that own their context.
#![allow(unsafe_code)]

mod vpx_decoder;
mod vpx_encoder;

pub(crate) use vpx_decoder::DecoderContext;
pub(crate) use vpx_encoder::EncoderContext;
