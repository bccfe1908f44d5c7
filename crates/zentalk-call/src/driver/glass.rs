//! For demonstrations under glass: writes the keys of group calls to a file, and lets a call do what none may.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use tokio::sync::oneshot;
use zentalk_primitives::Instant;
use zeroize::Zeroizing;

use super::handle::Call;
use super::task::Command;
use crate::engine::Engine;

/// Something to be done to the engine, on the task that owns it.
pub(super) type Deed = Box<dyn FnOnce(&mut Engine, Instant) + Send>;

/// The file, and the names of what is in it. It keeps no key: the memory of this program must look as it would without it.
pub(super) struct Glass {
    file: File,
    written: BTreeSet<String>,
}

impl Glass {
    /// Begins the file, readable by its owner only (on Unix). A file of this name is replaced: it keeps its permissions, and who has
    /// it open would read on.
    ///
    /// # Errors
    /// What the system says; that it exists, if there is something of this name that is no file, a link for example.
    pub(super) fn open(path: &Path) -> std::io::Result<Self> {
        if path.symlink_metadata().is_ok_and(|there| there.is_file()) {
            std::fs::remove_file(path)?;
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Self { file: options.open(path)?, written: BTreeSet::new() })
    }

    /// Writes those that are new: a line each, hexadecimal digits, a space, the name.
    pub(super) fn write(&mut self, secrets: Vec<(String, Zeroizing<Vec<u8>>)>) {
        for (name, secret) in secrets {
            if self.written.contains(&name) {
                continue;
            }
            let mut line = Zeroizing::new(String::with_capacity(2 * secret.len() + name.len() + 2));
            for byte in secret.iter() {
                let _ = write!(line, "{byte:02x}");
            }
            let _ = writeln!(line, " {name}");
            if self.file.write_all(line.as_bytes()).is_err() {
                tracing::warn!("the keys cannot be written");
            }
            self.written.insert(name);
        }
    }
}

impl Call {
    /// Seals each of `texts` as if it were 20 ms of this side's sound, and sends none of them. Those that could not be sealed are
    /// left out.
    pub async fn seal_aside(&self, texts: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
        self.under_glass(move |engine, _| {
            texts.iter().filter_map(|text| engine.seal_aside(text).ok()).collect()
        })
        .await
    }

    /// Opens `frames` as if they had come in the slot of the member with the index `from`: for each, why it does not open, or nothing.
    pub async fn open_aside(&self, from: u8, frames: Vec<Vec<u8>>) -> Vec<Option<String>> {
        self.under_glass(move |engine, _| {
            let refusal = |frame: &Vec<u8>| {
                engine.open_aside(from, frame).err().map(|error| error.to_string())
            };
            frames.iter().map(refusal).collect()
        })
        .await
    }

    /// Tells all members that this side leaves, as hanging up does, and stays: at the server, with every key that it has.
    pub async fn pretend_to_leave(&self) {
        self.under_glass(|engine, now| drop(engine.pretend_to_leave(now))).await;
    }

    /// The last packets that the server forwarded to this side, without the SRTP around them; the newest last.
    pub async fn recent_packets(&self) -> Vec<Vec<u8>> {
        self.under_glass(|engine, _| engine.recent_packets()).await
    }

    /// Nothing, if the driver has stopped.
    async fn under_glass<T: Default + Send + 'static>(
        &self,
        deed: impl FnOnce(&mut Engine, Instant) -> T + Send + 'static,
    ) -> T {
        let (reply, answer) = oneshot::channel();
        let deed: Deed = Box::new(move |engine, now| drop(reply.send(deed(engine, now))));
        if self.commands.send(Command::Glass(deed)).await.is_err() {
            return T::default();
        }
        answer.await.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_is_written_once_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        let mut glass = Glass::open(&path).unwrap();
        let secret = |name: &str, byte| (name.to_owned(), Zeroizing::new(vec![byte; 2]));
        glass.write(vec![secret("epoch 1: media key", 0xab)]);
        glass.write(vec![secret("epoch 1: media key", 0xab), secret("epoch 2: media key", 7)]);
        let text = std::fs::read_to_string(path).unwrap();
        assert_eq!(text, "abab epoch 1: media key\n0707 epoch 2: media key\n");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_may_read_does_not_get_the_keys() {
        use std::io::Read;
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        std::fs::write(&path, "old").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).unwrap();
        let mut opened_before = File::open(&path).unwrap();
        let mut glass = Glass::open(&path).unwrap();
        glass.write(vec![("epoch 1: media key".to_owned(), Zeroizing::new(vec![0xab; 2]))]);
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let mut seen = String::new();
        opened_before.read_to_string(&mut seen).unwrap();
        assert_eq!(seen, "old");
        assert!(std::fs::read_to_string(&path).unwrap().starts_with("abab"));
    }

    #[cfg(unix)]
    #[test]
    fn keys_follow_no_link() {
        let folder = tempfile::tempdir().unwrap();
        let [target, link] = ["target", "keys"].map(|name| folder.path().join(name));
        std::fs::write(&target, "old").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        let error = Glass::open(&link).err().unwrap();
        assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "old");
    }
}
