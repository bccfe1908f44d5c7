//! Where everything is, and how each person's program is started.

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tokio::process::Command;

use super::cast::{Cast, Person};
use crate::cli;
use crate::demo::error::DemoError;
use crate::demo::processes::Process;
use crate::demo::voices;
use crate::demo::workplace::{find_media, output, programs, remove};
use crate::files::WavWriter;

/// Folders, programs and voices.
pub(super) struct Stage {
    pub(super) cast: Cast,
    pub(super) out: PathBuf,
    pub(super) node: PathBuf,
    zentalk: PathBuf,
    /// The program that writes down its keys, if it was built.
    glass: Option<PathBuf>,
    temporary: TempDir,
}

/// The bit rate of each person's pictures, in kbit/s, all sizes together.
const VIDEO_KBPS: &str = "500";

impl Stage {
    /// Finds the programs, makes the voices, and makes room for the outputs.
    pub(super) fn prepare(options: &cli::Demo, cast: Cast) -> Result<Self, DemoError> {
        let (zentalk, node) = programs()?;
        let media = find_media(&options.media, &zentalk)
            .ok_or_else(|| DemoError::NoMedia(options.media.clone()))?;
        let out = options.out.clone();
        std::fs::create_dir_all(&out).map_err(output(&out))?;
        let out = out.canonicalize().map_err(output(&out))?;
        clean(&out)?;
        let temporary = tempfile::Builder::new().prefix(".demo-").tempdir_in(&out);
        let temporary = temporary.map_err(output(&out))?;
        let glass = under_glass(&zentalk);
        let stage = Self { cast, out, node, zentalk, glass, temporary };
        stage.make_voices(&media, options.seconds() + AROUND)?;
        Ok(stage)
    }

    /// Whether the programs write down their keys.
    pub(super) const fn is_under_glass(&self) -> bool {
        self.glass.is_some()
    }

    /// A file or folder that is gone afterwards.
    pub(super) fn temporary(&self, name: &str) -> PathBuf {
        self.temporary.path().join(name)
    }

    /// Where a person's program writes down its keys.
    pub(super) fn keys(&self, person: Person) -> PathBuf {
        self.temporary(&format!("{}.keys", person.slug()))
    }

    /// Lets everybody know everybody's card by name, as people would give them to each other.
    pub(super) async fn introduce(&self, relay: &str) -> Result<(), DemoError> {
        let mut cards = Vec::new();
        for person in self.cast.everybody() {
            cards.push((person, self.ask(person, relay, &["id"]).await?));
        }
        for person in self.cast.everybody() {
            for (other, card) in cards.iter().filter(|(other, _)| *other != person) {
                self.ask(person, relay, &["contact", "add", &other.to_string(), card]).await?;
            }
        }
        Ok(())
    }

    /// A program that calls or listens, with all that everybody shares.
    pub(super) fn start(
        &self,
        person: Person,
        relay: &str,
        words: &[&str],
    ) -> Result<Process, DemoError> {
        let program = self.glass.as_ref().unwrap_or(&self.zentalk);
        let mut command = self.command(program, person, relay, words);
        command.arg("--audio").arg(self.voice(person));
        command.args(["--video", &format!("pattern:{}", person.0), "--burn-index"]);
        command.args(["--video-kbps", VIDEO_KBPS, "--loopback", "--json", "--commands"]);
        command.arg("--record").arg(self.out.join(format!("received-by-{}", person.slug())));
        if self.is_under_glass() {
            command.arg("--expose-keys").arg(self.keys(person));
        }
        Process::start_to_type(command)
    }

    fn command(&self, program: &Path, person: Person, relay: &str, words: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.arg("--data").arg(self.temporary(&person.slug()));
        command.args(["--relay", relay]).args(words);
        command
    }

    /// Runs a command to its end; returns its first line.
    async fn ask(&self, person: Person, relay: &str, words: &[&str]) -> Result<String, DemoError> {
        let mut process = Process::start(self.command(&self.zentalk, person, relay, words))?;
        let line = process.next_line().await;
        let ended = process.end().await;
        match (line, ended.code) {
            (Some(line), Some(0)) => Ok(line),
            _ => Err(DemoError::NotReady { who: person.to_string(), said: ended.said }),
        }
    }

    fn voice(&self, person: Person) -> PathBuf {
        self.temporary(&format!("{}.wav", person.slug()))
    }

    /// Each person's voice, again and again for the whole call.
    fn make_voices(&self, media: &Path, seconds: u64) -> Result<(), DemoError> {
        let voices = voices::all(media)?;
        for (person, voice) in self.cast.everybody().zip(&voices) {
            let samples = usize::try_from(seconds).unwrap_or(usize::MAX).saturating_mul(48_000);
            let all: Vec<i16> = voice.iter().copied().cycle().take(samples).collect();
            let mut file = WavWriter::create(&self.voice(person), 1)?;
            file.write(&all)?;
            file.finish()?;
        }
        Ok(())
    }
}

/// The program that writes down its keys, beside this one. One that is older than this does not do what this one tells it.
fn under_glass(zentalk: &Path) -> Option<PathBuf> {
    let glass = zentalk.with_file_name(format!("zentalk-glass{}", std::env::consts::EXE_SUFFIX));
    let made = |path: &Path| path.metadata().and_then(|file| file.modified()).ok();
    (made(&glass)? >= made(zentalk)?).then_some(glass)
}

/// What a person may speak beyond the call's own length, while others still ring and join.
pub(super) const AROUND: u64 = 60;

/// Removes what an earlier demo left.
fn clean(out: &Path) -> Result<(), DemoError> {
    for entry in std::fs::read_dir(out).map_err(output(out))?.flatten() {
        let name = entry.file_name();
        let is_recording = name.to_str().is_some_and(|name| {
            name.starts_with("received-by-") && (name.ends_with(".wav") || name.ends_with(".ivf"))
        });
        if is_recording || name == "report.html" {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_under_glass_must_not_be_older() {
        let folder = tempfile::tempdir().unwrap();
        let suffix = std::env::consts::EXE_SUFFIX;
        let [zentalk, glass] =
            ["zentalk", "zentalk-glass"].map(|name| folder.path().join(format!("{name}{suffix}")));
        let write = |path: &Path, at: u64| {
            let file = std::fs::File::create(path).unwrap();
            file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(at)).unwrap();
        };
        write(&zentalk, 1_000);
        assert_eq!(under_glass(&zentalk), None);
        write(&glass, 999);
        assert_eq!(under_glass(&zentalk), None);
        write(&glass, 1_000);
        assert_eq!(under_glass(&zentalk), Some(glass));
    }
}
