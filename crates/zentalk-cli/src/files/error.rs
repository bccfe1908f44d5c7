use std::path::{Path, PathBuf};

use super::FileKind;

/// Why a media file cannot be used. Each message names the file, what it is, and what is wanted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The file cannot be opened, read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// What arrives cannot be kept.
    #[error("{} cannot be written: {source}. Name another place with --record", path.display())]
    NoRecording {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// An audio file was wanted.
    #[error(
        "{} is {found}; wanted is a WAV file, 48,000 Hz, 16 bit, mono or stereo.\n\
         Most tools convert it, for example: ffmpeg -i {} -ar 48000 -c:a pcm_s16le out.wav",
        path.display(), path.display()
    )]
    NotWav {
        /// Which file.
        path: PathBuf,
        /// What it is instead.
        found: FileKind,
    },
    /// A WAV file, but not one a call can send.
    #[error(
        "{} is a WAV file of {rate} Hz, {bits} bit {encoding}, {channels} channel(s); \
         wanted are 48,000 Hz, 16 bit, 1 or 2 channels.\n\
         Most tools convert it, for example: ffmpeg -i {} -ar 48000 -c:a pcm_s16le out.wav",
        path.display(), path.display()
    )]
    WrongWav {
        /// Which file.
        path: PathBuf,
        /// Its sample rate in hertz.
        rate: u32,
        /// Its sample size.
        bits: u16,
        /// Integer or floating point.
        encoding: &'static str,
        /// Its channel count.
        channels: u16,
    },
    /// A video file was wanted.
    #[error(
        "{} is {found}; wanted is an IVF file with VP8, or a Y4M file with 8-bit 4:2:0 pictures.\n\
         Most tools convert it, for example: ffmpeg -i {} -pix_fmt yuv420p out.y4m",
        path.display(), path.display()
    )]
    NotVideo {
        /// Which file.
        path: PathBuf,
        /// What it is instead.
        found: FileKind,
    },
    /// An IVF file whose codec we cannot decode.
    #[error("{} is an IVF file with codec {codec:?}; wanted is VP80 (VP8)", path.display())]
    WrongCodec {
        /// Which file.
        path: PathBuf,
        /// Its four-character code.
        codec: String,
    },
    /// A Y4M file whose pictures are not 8-bit 4:2:0.
    #[error("{} is a Y4M file of colour space {colour}; wanted is 420 (8 bit)", path.display())]
    WrongColour {
        /// Which file.
        path: PathBuf,
        /// Its colour tag.
        colour: String,
    },
    /// A file of the right kind whose content is damaged.
    #[error("{} is damaged: {what}", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong in it.
        what: &'static str,
    },
}

impl FileError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |source| Self::Io { path: path.to_owned(), source }
    }

    pub(crate) fn damaged(path: &Path, what: &'static str) -> Self {
        Self::Damaged { path: path.to_owned(), what }
    }
}
