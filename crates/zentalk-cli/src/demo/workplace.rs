//! Files and folders: the media, the outputs, and a folder that is gone afterwards.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::error::DemoError;
use super::people::{Both, Person};
use crate::cli;
use crate::files::Wav;
use crate::sources::{VideoSource, VideoSpec};

/// Where everything is.
pub(super) struct Workplace {
    files: Files,
    out: PathBuf,
    report: PathBuf,
    zentalk: PathBuf,
    node: PathBuf,
    temporary: TempDir,
}

/// What is sent, and where it arrives.
#[derive(Clone, Debug)]
pub(super) struct Files {
    speech: Both<PathBuf>,
    film: Both<VideoSpec>,
    received: Both<PathBuf>,
}

impl Workplace {
    /// Finds the programs and the media, checks them, and makes room for the outputs.
    pub(super) fn prepare(options: &cli::Demo) -> Result<Self, DemoError> {
        let (zentalk, node) = programs()?;
        let media = find_media(&options.media, &zentalk)
            .ok_or_else(|| DemoError::NoMedia(options.media.clone()))?;
        let out = options.out.clone();
        std::fs::create_dir_all(&out).map_err(output(&out))?;
        let out = out.canonicalize().map_err(output(&out))?;
        let files = Files::new(&media, &out);
        files.check()?;
        let report = out.join("report.html");
        let old = Person::BOTH.into_iter().flat_map(|person| files.outputs(person));
        for path in old.chain([report.clone()]) {
            remove(&path)?;
        }
        let temporary = tempfile::Builder::new().prefix(".demo-").tempdir_in(&out);
        let temporary = temporary.map_err(output(&out))?;
        Ok(Self { files, out, report, zentalk, node, temporary })
    }

    pub(super) fn files(&self) -> Files {
        self.files.clone()
    }

    /// This program, for Alice and Bob.
    pub(super) fn zentalk(&self) -> &Path {
        &self.zentalk
    }

    /// The servers' program.
    pub(super) fn node(&self) -> &Path {
        &self.node
    }

    /// A data folder that is gone afterwards.
    pub(super) fn data(&self, whose: &str) -> PathBuf {
        self.temporary.path().join(whose)
    }

    pub(super) fn write_report(&self, html: &str) -> Result<(), DemoError> {
        std::fs::write(&self.report, html).map_err(output(&self.report))
    }

    /// The outputs that are there, a line each.
    pub(super) fn list_outputs(&self) -> String {
        let mut text = format!("in {}:\n", self.out.display());
        let recordings = Person::BOTH.into_iter().flat_map(|person| self.files.outputs(person));
        for path in recordings.chain([self.report.clone()]) {
            if let (Ok(metadata), Some(name)) = (path.metadata(), path.file_name()) {
                let _ = writeln!(text, "  {:<22} {:>6} KB", name.display(), metadata.len() / 1_000);
            }
        }
        text
    }
}

impl Files {
    pub(super) fn new(media: &Path, out: &Path) -> Self {
        let speech = |name| media.join(format!("speech-{name}-48k-mono.wav"));
        let clip = media.join("bbb-640x360-25fps.ivf");
        Self {
            speech: Both { alice: speech("a"), bob: speech("b") },
            film: Both { alice: VideoSpec::File(clip), bob: VideoSpec::Pattern },
            received: Both::of(|person| out.join(format!("received-by-{}", person.slug()))),
        }
    }

    fn check(&self) -> Result<(), DemoError> {
        for person in Person::BOTH {
            Wav::read(self.speech(person))?;
            VideoSource::open(self.film(person).clone(), true)?.check()?;
        }
        Ok(())
    }

    /// What this person says.
    pub(super) fn speech(&self, person: Person) -> &Path {
        self.speech.get(person)
    }

    /// What this person shows.
    pub(super) fn film(&self, person: Person) -> &VideoSpec {
        self.film.get(person)
    }

    /// Where this person's recordings go, without their extensions.
    pub(super) fn received(&self, by: Person) -> &Path {
        self.received.get(by)
    }

    /// The recordings of this person: sound, pictures.
    pub(super) fn outputs(&self, by: Person) -> [PathBuf; 2] {
        ["wav", "ivf"].map(|extension| self.received(by).with_extension(extension))
    }
}

/// This program, and the relay's beside it.
pub(super) fn programs() -> Result<(PathBuf, PathBuf), DemoError> {
    let here = PathBuf::from("zentalk");
    let zentalk =
        std::env::current_exe().map_err(|source| DemoError::Start { path: here, source })?;
    let relay = zentalk.with_file_name(format!("zentalk-node{}", std::env::consts::EXE_SUFFIX));
    if relay.is_file() {
        return Ok((zentalk, relay));
    }
    let release = zentalk.parent().is_some_and(|folder| folder.ends_with("release"));
    Err(DemoError::NoRelayProgram { path: relay, release })
}

/// The media folder as named; a relative one also counts from the repository this program was built in,
/// which is somewhere above the program.
pub(super) fn find_media(named: &Path, program: &Path) -> Option<PathBuf> {
    let candidates = program.ancestors().map(|folder| folder.join(named));
    [named.to_owned()].into_iter().chain(candidates).find(|folder| folder.is_dir())
}

pub(super) fn remove(path: &Path) -> Result<(), DemoError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(output(path)(error)),
        _ => Ok(()),
    }
}

pub(super) fn output(path: &Path) -> impl Fn(io::Error) -> DemoError {
    let path = path.to_owned();
    move |source| DemoError::Output { path: path.clone(), source }
}
