//! Media files: what people have on disk, read with errors that say what is wrong and what is wanted.

mod error;
mod ivf;
mod kind;
mod wav;
mod y4m;

pub use error::FileError;
pub use ivf::{IvfReader, IvfWriter};
pub use kind::FileKind;
pub use wav::{Wav, WavWriter};
pub use y4m::Y4mReader;

/// The one sample rate of calls, in hertz (RFC 7587 §4.1: Opus runs its RTP clock at 48 kHz).
pub const SAMPLE_RATE: u32 = 48_000;
