use core::fmt;
use std::io::Read;
use std::path::Path;

/// What a file is, by its first bytes rather than by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileKind {
    /// RIFF WAVE audio.
    Wav,
    /// IVF video, the container of libvpx.
    Ivf,
    /// YUV4MPEG2, raw video.
    Y4m,
    /// Something known that calls cannot take, by its common name.
    Other(&'static str),
    /// Nothing we know.
    Unknown,
    /// A file without content.
    Empty,
}

impl FileKind {
    /// Looks at the file's first bytes.
    pub fn of(path: &Path) -> std::io::Result<Self> {
        let mut start = Vec::new();
        std::fs::File::open(path)?.take(16).read_to_end(&mut start)?;
        Ok(Self::of_bytes(&start))
    }

    /// Tells the kind from a file's first bytes (16 are enough).
    pub fn of_bytes(start: &[u8]) -> Self {
        if start.is_empty() {
            return Self::Empty;
        }
        if start.starts_with(b"RIFF") {
            return match start.get(8..12) {
                Some(b"WAVE") => Self::Wav,
                Some(b"AVI ") => Self::Other("an AVI video"),
                Some(b"WEBP") => Self::Other("a WebP picture"),
                _ => Self::Other("a RIFF file without audio"),
            };
        }
        let by_magic = MAGICS.iter().find(|(magic, _)| start.starts_with(magic));
        if let Some((_, kind)) = by_magic {
            return *kind;
        }
        if start.get(4..8) == Some(b"ftyp") {
            return Self::Other("an MP4 or QuickTime file");
        }
        if start.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace()) {
            return Self::Other("a text file");
        }
        Self::Unknown
    }
}

const MAGICS: &[(&[u8], FileKind)] = &[
    (b"DKIF", FileKind::Ivf),
    (b"YUV4MPEG2 ", FileKind::Y4m),
    (b"OggS", FileKind::Other("an Ogg file")),
    (b"fLaC", FileKind::Other("a FLAC file")),
    (b"ID3", FileKind::Other("an MP3 file")),
    (b"\xff\xfb", FileKind::Other("an MP3 file")),
    (b"FORM", FileKind::Other("an AIFF file")),
    (b"\x1a\x45\xdf\xa3", FileKind::Other("a WebM or Matroska file")),
    (b"\x89PNG", FileKind::Other("a PNG picture")),
    (b"\xff\xd8\xff", FileKind::Other("a JPEG picture")),
    (b"GIF8", FileKind::Other("a GIF picture")),
    (b"%PDF", FileKind::Other("a PDF document")),
];

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Wav => "a WAV file",
            Self::Ivf => "an IVF video",
            Self::Y4m => "a Y4M video",
            Self::Other(name) => name,
            Self::Unknown => "of a kind we do not know",
            Self::Empty => "empty",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_bytes_say() {
        assert_eq!(FileKind::of_bytes(b"RIFF\0\0\0\0WAVEfmt "), FileKind::Wav);
        assert_eq!(FileKind::of_bytes(b"DKIF\0\0\x20\0VP80"), FileKind::Ivf);
        assert_eq!(FileKind::of_bytes(b"YUV4MPEG2 W640 H"), FileKind::Y4m);
        assert_eq!(
            FileKind::of_bytes(b"\0\0\0\x18ftypmp42"),
            FileKind::Other("an MP4 or QuickTime file")
        );
        assert_eq!(FileKind::of_bytes(b""), FileKind::Empty);
        assert_eq!(FileKind::of_bytes(&[0, 1, 2]), FileKind::Unknown);
    }
}
