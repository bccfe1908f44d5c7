use std::path::{Path, PathBuf};

use zentalk_codec::{VideoFrame, Vp8Decoder};

use crate::files::{FileError, FileKind, IvfReader, Y4mReader};
use crate::pictures::{TINTS, burn_index, pattern, tinted_pattern};

/// What to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VideoSpec {
    /// A generated moving picture, 640×360, 25 a second.
    Pattern,
    /// The same, 480×272, in the colours of one of six people, and with numbers of their own: they count from [`FIRST_INDEX`] times
    /// this on.
    PatternOf(u8),
    /// A video file, again and again.
    File(PathBuf),
}

/// The numbers of one person's pictures end where the next one's begin: after more than six minutes.
pub const FIRST_INDEX: u32 = 10_000;
/// The size of [`VideoSpec::PatternOf`]; six people's pictures are decoded by each of them.
pub const PATTERN_OF_SIZE: (u32, u32) = (480, 272);

impl VideoSpec {
    /// What `--video` says: `pattern`, `pattern:0` to `pattern:5`, or a file.
    pub fn from_argument(argument: &Path) -> Self {
        let file = || Self::File(argument.to_owned());
        match argument.to_str().and_then(|text| text.strip_prefix("pattern")) {
            Some("") => Self::Pattern,
            Some(rest) => rest
                .strip_prefix(':')
                .and_then(|person| person.parse().ok())
                .filter(|person| *person < TINTS)
                .map_or_else(file, Self::PatternOf),
            None => file(),
        }
    }

    /// The number of the first picture.
    fn first_index(&self) -> u32 {
        match self {
            Self::PatternOf(person) => u32::from(*person) * FIRST_INDEX,
            Self::Pattern | Self::File(_) => 0,
        }
    }
}

/// Pictures, one after the other, without end. The same specification gives the same pictures again.
pub struct VideoSource {
    spec: VideoSpec,
    reader: Reader,
    frame_rate: f64,
    burn: bool,
    next_index: u32,
}

enum Reader {
    Pattern,
    PatternOf(u8),
    Ivf(IvfReader, Vp8Decoder),
    Y4m(Y4mReader),
}

const PATTERN_SIZE: (u32, u32) = (640, 360);
const PATTERN_RATE: f64 = 25.0;

impl VideoSource {
    /// Opens what is to be shown. With `burn`, each picture carries its number (see [`burn_index`]).
    ///
    /// # Errors
    /// [`FileError`], if the file is not a video that a call can send.
    pub fn open(spec: VideoSpec, burn: bool) -> Result<Self, FileError> {
        let (reader, frame_rate) = Reader::open(&spec)?;
        let next_index = spec.first_index();
        Ok(Self { spec, reader, frame_rate, burn, next_index })
    }

    /// Pictures a second.
    pub const fn frame_rate(&self) -> f64 {
        self.frame_rate
    }

    /// The next picture with its number, which counts on when a file begins again.
    ///
    /// # Errors
    /// [`FileError`], if the file is damaged or has no picture at all.
    pub fn next_picture(&mut self) -> Result<(u32, VideoFrame), FileError> {
        let index = self.next_index;
        let mut picture = match self.reader.read(&self.spec, index)? {
            Some(picture) => picture,
            None => {
                self.reader = Reader::open(&self.spec)?.0;
                self.reader.read(&self.spec, index)?.ok_or_else(|| self.empty())?
            }
        };
        if self.burn {
            burn_index(&mut picture, index);
        }
        self.next_index += 1;
        Ok((index, picture))
    }

    /// Reads the first picture to see that there is one, and begins again.
    ///
    /// # Errors
    /// As [`VideoSource::next_picture`].
    pub fn check(&mut self) -> Result<(), FileError> {
        self.next_picture()?;
        self.reader = Reader::open(&self.spec)?.0;
        self.next_index = self.spec.first_index();
        Ok(())
    }

    fn empty(&self) -> FileError {
        FileError::Damaged { path: self.spec.path(), what: "it has no pictures" }
    }
}

impl VideoSpec {
    fn path(&self) -> PathBuf {
        match self {
            Self::Pattern | Self::PatternOf(_) => PathBuf::from("pattern"),
            Self::File(path) => path.clone(),
        }
    }
}

impl Reader {
    fn open(spec: &VideoSpec) -> Result<(Self, f64), FileError> {
        let path = match spec {
            VideoSpec::Pattern => return Ok((Self::Pattern, PATTERN_RATE)),
            VideoSpec::PatternOf(person) => return Ok((Self::PatternOf(*person), PATTERN_RATE)),
            VideoSpec::File(path) => path,
        };
        match FileKind::of(path).map_err(FileError::io(path))? {
            FileKind::Ivf => {
                let file = IvfReader::open(path)?;
                let rate = file.frame_rate();
                Ok((Self::Ivf(file, Vp8Decoder::new()), rate))
            }
            FileKind::Y4m => {
                let file = Y4mReader::open(path)?;
                let rate = file.frame_rate();
                Ok((Self::Y4m(file), rate))
            }
            found => Err(FileError::NotVideo { path: path.clone(), found }),
        }
    }

    /// The next picture, or nothing at the end of the file.
    fn read(&mut self, spec: &VideoSpec, index: u32) -> Result<Option<VideoFrame>, FileError> {
        let damaged = |what| FileError::Damaged { path: spec.path(), what };
        match self {
            Self::Pattern => Ok(pattern(PATTERN_SIZE, index)),
            Self::PatternOf(person) => Ok(tinted_pattern(PATTERN_OF_SIZE, index, *person)),
            Self::Ivf(file, decoder) => {
                while let Some((_, frame)) = file.next_frame()? {
                    let picture = decoder
                        .decode(&frame, 0)
                        .map_err(|_| damaged("a frame of it is not well-formed VP8"))?;
                    if picture.is_some() {
                        return Ok(picture);
                    }
                }
                Ok(None)
            }
            Self::Y4m(file) => {
                let size = file.size();
                let Some(bytes) = file.next_picture()? else { return Ok(None) };
                VideoFrame::from_i420(size, 0, &bytes)
                    .map(Some)
                    .map_err(|_| damaged("a picture of it is not complete"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pictures::read_index;

    #[test]
    fn a_file_begins_again_and_numbers_count_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.y4m");
        let mut bytes = b"YUV4MPEG2 W400 H16 F10:1\n".to_vec();
        for value in [50, 200] {
            bytes.extend_from_slice(b"FRAME\n");
            bytes.resize(bytes.len() + 400 * 16 * 3 / 2, value);
        }
        std::fs::write(&path, bytes).unwrap();
        let mut source = VideoSource::open(VideoSpec::File(path), true).unwrap();
        for expected in 0..5 {
            let (index, picture) = source.next_picture().unwrap();
            assert_eq!((index, read_index(&picture)), (expected, Some(expected)));
        }
    }

    #[test]
    fn numbers_tell_whose_pattern_it_is() {
        let spec = VideoSpec::from_argument(Path::new("pattern:3"));
        assert_eq!(spec, VideoSpec::PatternOf(3));
        let mut source = VideoSource::open(spec, true).unwrap();
        source.check().unwrap();
        let (index, picture) = source.next_picture().unwrap();
        assert_eq!((index, read_index(&picture)), (3 * FIRST_INDEX, Some(3 * FIRST_INDEX)));
        let file = VideoSpec::from_argument(Path::new("pattern:6"));
        assert_eq!(file, VideoSpec::File(PathBuf::from("pattern:6")));
    }

    #[test]
    fn the_pattern_needs_no_file() {
        let mut source = VideoSource::open(VideoSpec::from_argument(Path::new("pattern")), false);
        assert!(source.as_mut().unwrap().next_picture().is_ok());
    }
}
