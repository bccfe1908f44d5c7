//! Integration tests: real media through the codecs, frames through loss and reordering, playout.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::print_stdout, missing_docs)]

mod audio_receiver;
mod media;
mod opus_codec;
mod playout;
mod simulcast;
mod speech;
mod vectors;
mod vp8_assembler;
mod vp8_codec;
mod vp8_hostile;
