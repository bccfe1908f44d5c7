use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use zentalk_cli::files::{FileError, FileKind, IvfReader, Wav, Y4mReader};
use zentalk_codec::{PlaneId, VideoFrame, Vp8Decoder};

use crate::error::Error;

/// What each side sends. The two differ, so that nobody passes by sending back what it got.
pub(crate) struct Material {
    pub(crate) ours: Side,
    pub(crate) theirs: Side,
}

/// One side's sound and pictures, as files and as what is to arrive.
pub(crate) struct Side {
    pub(crate) audio: PathBuf,
    pub(crate) video: PathBuf,
    /// One channel at 48 kHz.
    pub(crate) speech: Vec<i16>,
    pub(crate) film: Vec<VideoFrame>,
}

impl Material {
    /// Reads the test media in `media`; what has to be made of it goes to `work`.
    pub(crate) fn prepare(media: &Path, work: &Path) -> Result<Self, Error> {
        let media = std::path::absolute(media).map_err(Error::io(media))?;
        let film = media.join("bbb-640x360-25fps.ivf");
        let pictures = read_film(&film)?;
        let mirrored: Vec<_> = pictures.iter().map(mirror).collect();
        let mirrored_file = work.join("mirrored.y4m");
        write_y4m(&mirrored_file, &mirrored).map_err(Error::io(&mirrored_file))?;
        let ours = Side::new(media.join("speech-a-48k-mono.wav"), film, pictures)?;
        let theirs = Side::new(media.join("speech-b-48k-mono.wav"), mirrored_file, mirrored)?;
        Ok(Self { ours, theirs })
    }
}

impl Side {
    fn new(audio: PathBuf, video: PathBuf, film: Vec<VideoFrame>) -> Result<Self, Error> {
        let speech = Wav::read(&audio)?.to_mono();
        Ok(Self { audio, video, speech, film })
    }
}

/// Every picture of an IVF or Y4M file.
pub(crate) fn read_film(path: &Path) -> Result<Vec<VideoFrame>, Error> {
    let mut pictures = Vec::new();
    each_picture(path, |picture| pictures.push(picture))?;
    Ok(pictures)
}

/// Gives every picture of an IVF or Y4M file to `take`, one at a time: a recording is large.
pub(crate) fn each_picture(path: &Path, mut take: impl FnMut(VideoFrame)) -> Result<(), Error> {
    let broken = |source| Error::Picture { path: path.to_owned(), source };
    match FileKind::of(path).map_err(Error::io(path))? {
        FileKind::Ivf => {
            let mut file = IvfReader::open(path)?;
            let mut decoder = Vp8Decoder::new();
            while let Some((_, frame)) = file.next_frame()? {
                decoder.decode(&frame, 0).map_err(broken)?.into_iter().for_each(&mut take);
            }
        }
        FileKind::Y4m => {
            let mut file = Y4mReader::open(path)?;
            while let Some(bytes) = file.next_picture()? {
                take(VideoFrame::from_i420(file.size(), 0, &bytes).map_err(broken)?);
            }
        }
        found => return Err(FileError::NotVideo { path: path.to_owned(), found }.into()),
    }
    Ok(())
}

/// The picture with left and right exchanged.
pub(crate) fn mirror(picture: &VideoFrame) -> VideoFrame {
    let mut mirrored = picture.clone();
    for plane in [PlaneId::Y, PlaneId::U, PlaneId::V] {
        mirrored.rows_mut(plane).for_each(<[u8]>::reverse);
    }
    mirrored
}

fn write_y4m(path: &Path, pictures: &[VideoFrame]) -> std::io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    let size = pictures.first().map_or((0, 0), |picture| (picture.width(), picture.height()));
    writeln!(file, "YUV4MPEG2 W{} H{} F25:1 Ip C420jpeg", size.0, size.1)?;
    for picture in pictures {
        file.write_all(b"FRAME\n")?;
        file.write_all(&picture.to_i420())?;
    }
    file.flush()
}
