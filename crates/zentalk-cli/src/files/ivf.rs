use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::{FileError, FileKind};

/// The four-character code of VP8.
const VP8: &[u8; 4] = b"VP80";
const HEADER_LEN: usize = 32;
const FRAME_HEADER_LEN: usize = 12;
/// A frame larger than this is damage, not video: a raw 4096×2304 picture has 14 MB.
const MAX_FRAME_LEN: usize = 16 << 20;

/// Reads VP8 frames from an IVF file, one after the other.
pub struct IvfReader {
    path: PathBuf,
    file: BufReader<File>,
    header: Header,
}

#[derive(Clone, Copy)]
struct Header {
    width: u16,
    height: u16,
    /// A timestamp counts `numerator / denominator` seconds.
    denominator: u32,
    numerator: u32,
}

impl IvfReader {
    /// Opens a file and checks its header.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let found = FileKind::of(path).map_err(FileError::io(path))?;
        if found != FileKind::Ivf {
            return Err(FileError::NotVideo { path: path.to_owned(), found });
        }
        let mut file = BufReader::new(File::open(path).map_err(FileError::io(path))?);
        let mut bytes = [0; HEADER_LEN];
        file.read_exact(&mut bytes)
            .map_err(|_| FileError::damaged(path, "it ends within its header"))?;
        let codec = field::<4>(&bytes, 8);
        if &codec != VP8 {
            let codec = String::from_utf8_lossy(&codec).into_owned();
            return Err(FileError::WrongCodec { path: path.to_owned(), codec });
        }
        let header = Header {
            width: u16::from_le_bytes(field(&bytes, 12)),
            height: u16::from_le_bytes(field(&bytes, 14)),
            denominator: u32::from_le_bytes(field(&bytes, 16)),
            numerator: u32::from_le_bytes(field(&bytes, 20)),
        };
        if header.denominator == 0 || header.numerator == 0 {
            return Err(FileError::damaged(path, "its time base is zero"));
        }
        Ok(Self { path: path.to_owned(), file, header })
    }

    /// Frames a second, if every timestamp step is one frame.
    pub fn frame_rate(&self) -> f64 {
        f64::from(self.header.denominator) / f64::from(self.header.numerator)
    }

    /// Width and height in pixels, as the file's header claims them.
    pub fn size(&self) -> (u16, u16) {
        (self.header.width, self.header.height)
    }

    /// The next frame with its timestamp, or nothing at the end.
    pub fn next_frame(&mut self) -> Result<Option<(u64, Vec<u8>)>, FileError> {
        let mut bytes = [0; FRAME_HEADER_LEN];
        match self.file.read_exact(&mut bytes) {
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(None),
            other => other.map_err(FileError::io(&self.path))?,
        }
        let len = u32::from_le_bytes(field(&bytes, 0)) as usize;
        if len > MAX_FRAME_LEN {
            return Err(FileError::damaged(&self.path, "a frame claims more than 16 MiB"));
        }
        let mut frame = vec![0; len];
        self.file
            .read_exact(&mut frame)
            .map_err(|_| FileError::damaged(&self.path, "it ends within a frame"))?;
        Ok(Some((u64::from_le_bytes(field(&bytes, 4)), frame)))
    }
}

/// Writes VP8 frames into an IVF file. Timestamps count milliseconds.
pub struct IvfWriter {
    path: PathBuf,
    file: BufWriter<File>,
    size: (u16, u16),
    frames: u32,
}

impl IvfWriter {
    /// Creates the file, replacing one that is there. `size` is width and height in pixels.
    pub fn create(path: &Path, size: (u16, u16)) -> Result<Self, FileError> {
        let file = BufWriter::new(File::create(path).map_err(FileError::io(path))?);
        let mut writer = Self { path: path.to_owned(), file, size, frames: 0 };
        writer.write_header().map_err(FileError::io(path))?;
        Ok(writer)
    }

    /// Appends a frame that is shown at `millis`.
    pub fn write(&mut self, millis: u64, frame: &[u8]) -> Result<(), FileError> {
        let len = u32::try_from(frame.len())
            .map_err(|_| FileError::damaged(&self.path, "a frame is longer than 4 GiB"))?;
        self.frames = self.frames.saturating_add(1);
        self.file
            .write_all(&len.to_le_bytes())
            .and_then(|()| self.file.write_all(&millis.to_le_bytes()))
            .and_then(|()| self.file.write_all(frame))
            .map_err(FileError::io(&self.path))
    }

    /// Writes the frame count into the header.
    pub fn finish(mut self) -> Result<(), FileError> {
        self.file
            .seek(SeekFrom::Start(0))
            .and_then(|_| self.write_header())
            .and_then(|()| self.file.flush())
            .map_err(FileError::io(&self.path))
    }

    fn write_header(&mut self) -> std::io::Result<()> {
        let mut header = Vec::with_capacity(HEADER_LEN);
        header.extend_from_slice(b"DKIF");
        header.extend_from_slice(&0u16.to_le_bytes());
        header.extend_from_slice(&32u16.to_le_bytes());
        header.extend_from_slice(VP8);
        header.extend_from_slice(&self.size.0.to_le_bytes());
        header.extend_from_slice(&self.size.1.to_le_bytes());
        header.extend_from_slice(&1_000u32.to_le_bytes());
        header.extend_from_slice(&1u32.to_le_bytes());
        header.extend_from_slice(&self.frames.to_le_bytes());
        header.extend_from_slice(&0u32.to_le_bytes());
        self.file.write_all(&header)
    }
}

/// `N` bytes of `bytes` from `at`; zeros where the caller asks past the end, which no caller does.
fn field<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes.get(at..at + N).and_then(|field| field.try_into().ok()).unwrap_or([0; N])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.ivf");
        let mut writer = IvfWriter::create(&path, (640, 360)).unwrap();
        writer.write(0, b"first").unwrap();
        writer.write(40, b"second").unwrap();
        writer.finish().unwrap();
        let mut reader = IvfReader::open(&path).unwrap();
        assert_eq!(reader.size(), (640, 360));
        assert_eq!(reader.next_frame().unwrap().unwrap(), (0, b"first".to_vec()));
        assert_eq!(reader.next_frame().unwrap().unwrap(), (40, b"second".to_vec()));
        assert!(reader.next_frame().unwrap().is_none());
    }

    #[test]
    fn a_frame_of_impossible_length_is_damage() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.ivf");
        IvfWriter::create(&path, (8, 8)).unwrap().finish().unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.extend_from_slice(&u32::MAX.to_le_bytes());
        bytes.extend_from_slice(&[0; 8]);
        std::fs::write(&path, bytes).unwrap();
        let error = IvfReader::open(&path).unwrap().next_frame().unwrap_err();
        assert!(error.to_string().contains("16 MiB"), "{error}");
    }

    #[test]
    fn another_codec_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.ivf");
        IvfWriter::create(&path, (8, 8)).unwrap().finish().unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[8..12].copy_from_slice(b"AV01");
        std::fs::write(&path, bytes).unwrap();
        let error = IvfReader::open(&path).err().unwrap();
        assert!(error.to_string().contains("AV01"), "{error}");
    }
}
