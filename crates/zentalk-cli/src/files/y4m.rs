use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::{FileError, FileKind};

/// A header line longer than this is not a Y4M file.
const MAX_HEADER_LEN: u64 = 1_024;
/// Pictures larger than this are not for calls.
const MAX_SIDE: u32 = 4_096;

/// Reads raw 8-bit 4:2:0 pictures from a YUV4MPEG2 file, one after the other.
pub struct Y4mReader {
    path: PathBuf,
    file: BufReader<File>,
    width: u32,
    height: u32,
    frame_rate: f64,
}

impl Y4mReader {
    /// Opens a file and checks its header.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let found = FileKind::of(path).map_err(FileError::io(path))?;
        if found != FileKind::Y4m {
            return Err(FileError::NotVideo { path: path.to_owned(), found });
        }
        let mut file = BufReader::new(File::open(path).map_err(FileError::io(path))?);
        let header = read_line(&mut file, path)?;
        let mut reader =
            Self { path: path.to_owned(), file, width: 0, height: 0, frame_rate: 25.0 };
        for parameter in header.split_ascii_whitespace().skip(1) {
            reader.apply(parameter)?;
        }
        let sides = [reader.width, reader.height];
        if sides.iter().any(|side| *side == 0 || *side > MAX_SIDE || side % 2 == 1) {
            let what = "its width and height must be even, at least 2 and at most 4,096 pixels";
            return Err(FileError::damaged(path, what));
        }
        Ok(reader)
    }

    /// Frames a second.
    pub fn frame_rate(&self) -> f64 {
        self.frame_rate
    }

    /// Width and height in pixels.
    pub fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// The next picture, the planes Y, U and V one after the other without padding; nothing at the end.
    pub fn next_picture(&mut self) -> Result<Option<Vec<u8>>, FileError> {
        if self.file.fill_buf().map_err(FileError::io(&self.path))?.is_empty() {
            return Ok(None);
        }
        if !read_line(&mut self.file, &self.path)?.starts_with("FRAME") {
            return Err(FileError::damaged(&self.path, "a FRAME line is missing"));
        }
        // Both sides are at most 4,096: this fits by far.
        let mut picture = vec![0; (self.width * self.height * 3 / 2) as usize];
        self.file
            .read_exact(&mut picture)
            .map_err(|_| FileError::damaged(&self.path, "it ends within a picture"))?;
        Ok(Some(picture))
    }

    fn apply(&mut self, parameter: &str) -> Result<(), FileError> {
        let damaged = |what| FileError::damaged(&self.path, what);
        let Some((tag, value)) = parameter.split_at_checked(1) else { return Ok(()) };
        match tag {
            "W" => self.width = value.parse().map_err(|_| damaged("its width is not a number"))?,
            "H" => {
                self.height = value.parse().map_err(|_| damaged("its height is not a number"))?;
            }
            "F" => {
                self.frame_rate =
                    ratio(value).ok_or_else(|| damaged("its frame rate is not a ratio"))?;
            }
            "C" if !["420", "420jpeg", "420mpeg2", "420paldv"].contains(&value) => {
                let colour = value.to_owned();
                return Err(FileError::WrongColour { path: self.path.clone(), colour });
            }
            _ => {}
        }
        Ok(())
    }
}

fn read_line(file: &mut BufReader<File>, path: &Path) -> Result<String, FileError> {
    let mut line = Vec::new();
    file.take(MAX_HEADER_LEN).read_until(b'\n', &mut line).map_err(FileError::io(path))?;
    match (line.pop(), String::from_utf8(line)) {
        (Some(b'\n'), Ok(text)) => Ok(text),
        _ => Err(FileError::damaged(path, "a header line is not well formed")),
    }
}

/// `numerator:denominator`, both positive.
fn ratio(text: &str) -> Option<f64> {
    let (numerator, denominator) = text.split_once(':')?;
    let (numerator, denominator): (u32, u32) = (numerator.parse().ok()?, denominator.parse().ok()?);
    (numerator > 0 && denominator > 0).then(|| f64::from(numerator) / f64::from(denominator))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(content: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.y4m");
        std::fs::write(&path, content).unwrap();
        (folder, path)
    }

    #[test]
    fn pictures_come_one_after_the_other() {
        let (_folder, path) =
            file(b"YUV4MPEG2 W4 H2 F30000:1001 C420jpeg\nFRAME\n0123456789abFRAME\nba9876543210");
        let mut reader = Y4mReader::open(&path).unwrap();
        assert_eq!(reader.size(), (4, 2));
        assert!((reader.frame_rate() - 29.97).abs() < 0.01);
        assert_eq!(reader.next_picture().unwrap().unwrap(), b"0123456789ab");
        assert_eq!(reader.next_picture().unwrap().unwrap(), b"ba9876543210");
        assert!(reader.next_picture().unwrap().is_none());
    }

    #[test]
    fn another_colour_space_is_named() {
        let (_folder, path) = file(b"YUV4MPEG2 W4 H2 F25:1 C444\n");
        let message = Y4mReader::open(&path).err().unwrap().to_string();
        assert!(message.contains("444"), "{message}");
    }

    #[test]
    fn a_cut_picture_is_damage() {
        let (_folder, path) = file(b"YUV4MPEG2 W4 H2 F25:1\nFRAME\n01234");
        let error = Y4mReader::open(&path).unwrap().next_picture().unwrap_err();
        assert!(error.to_string().contains("within a picture"), "{error}");
    }
}
