//! Calls with real WebRTC peers, by the runner of the package `zentalk-interop`.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::setup;
use crate::shell::{self, Failure, Outcome};

/// Call real WebRTC peers, both ways, and judge what arrives by its content.
///
/// The peers are set up in target/interop, with pinned versions. Each run connects our example
/// `plain_peer` to the peer over 127.0.0.1 and compares the speech and the pictures that each side
/// recorded with those that the other one sent. Prints a table; the last line is
/// `N passed, N failed`. Exits with 1 on any failure.
#[derive(clap::Args)]
pub(crate) struct Interop {
    /// The peer. `crates` runs inputs that broke other stacks against them, and `coturn` tries
    /// TURN servers and clients; neither makes calls.
    #[arg(long, value_enum, required_unless_present = "door")]
    peer: Option<PeerKind>,
    /// Another peer: a command that opens an HTTP door on 127.0.0.1:$PORT (POST /offer, GET /mkoffer,
    /// POST /answer, GET /stats, GET /close). It finds what to send in $SPEECH and $FILM, and records
    /// into $RECORD (a WAV file and Y4M or IVF files), if it can.
    #[arg(long, value_name = "CMD", conflicts_with = "peer")]
    door: Option<String>,
    /// Another command for our side, in place of the example.
    #[arg(long, value_name = "CMD")]
    ours: Option<String>,
    /// What the peer behind --door sends: `files`, or `tone` (700 Hz, and a green left half).
    #[arg(long, value_name = "WHAT", requires = "door")]
    sends: Option<String>,
    /// Only runs in which we have this role: offer or answer.
    #[arg(long)]
    role: Option<String>,
    /// Only runs of this kind of media: audio or video.
    #[arg(long)]
    media: Option<String>,
    /// How long media flows in each run, in seconds [default: 10]
    #[arg(long)]
    seconds: Option<u64>,
    /// How often everything runs [default: 1]
    #[arg(long)]
    times: Option<u32>,
    /// Write the results there as JSON.
    #[arg(long, value_name = "OUT")]
    json: Option<PathBuf>,
    /// Write the table of `--peer crates` into docs/comparison.md.
    #[arg(long)]
    write: bool,
    /// Fail unless `--peer crates` runs every case of DIR/regressions/inputs.json.
    #[arg(long, value_name = "DIR")]
    vectors: Option<PathBuf>,
    /// Keep logs, descriptions and recordings in this folder.
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum PeerKind {
    Aiortc,
    Chromium,
    Coturn,
    Crates,
}

/// Where the example is built to.
const EXAMPLE: &str = "examples/plain_peer";

impl Interop {
    pub(crate) fn run(self) -> Outcome {
        setup::ensure()?;
        if self.peer == Some(PeerKind::Crates) {
            return shell::replace_with(self.crates());
        }
        if self.peer == Some(PeerKind::Coturn) {
            return shell::replace_with(coturn()?);
        }
        let (name, theirs) = self.peer()?;
        let ours = match &self.ours {
            Some(command) => command.clone(),
            None => build_example()?,
        };
        shell::replace_with(self.runner(name, &ours, &theirs))
    }

    /// The runner of inputs that broke other stacks.
    fn crates(&self) -> Command {
        let mut command = shell::cargo(&["run", "--quiet", "--locked", "-p", "zentalk-peers"]);
        command.args(["--bin", "peers", "--"]);
        for (option, path) in [("--json", &self.json), ("--vectors", &self.vectors)] {
            if let Some(path) = path {
                command.arg(option).arg(absolute(path));
            }
        }
        command.args(self.write.then_some("--write"));
        command
    }

    /// The peer's name and the command that starts it, after setting it up.
    fn peer(&self) -> Result<(&'static str, String), Failure> {
        match (&self.door, self.peer) {
            (Some(command), _) => Ok(("door", command.clone())),
            (None, Some(PeerKind::Chromium)) => Ok(("chromium", chromium()?)),
            (None, _) => Ok(("aiortc", aiortc()?)),
        }
    }

    fn runner(&self, name: &str, ours: &str, theirs: &str) -> Command {
        let mut command = shell::cargo(&["run", "--quiet", "--locked", "-p", "zentalk-interop"]);
        command.args(["--bin", "interop", "--", "--peer", name, "--ours", ours]);
        command.args(["--theirs", theirs]);
        let seconds = self.seconds.map(|value| value.to_string());
        let times = self.times.map(|value| value.to_string());
        for (option, value) in [
            ("--sends", &self.sends),
            ("--role", &self.role),
            ("--media", &self.media),
            ("--seconds", &seconds),
            ("--times", &times),
        ] {
            command.args(value.iter().flat_map(|value| [option, value]));
        }
        for (option, path) in [("--json", &self.json), ("--keep", &self.keep)] {
            if let Some(path) = path {
                command.arg(option).arg(absolute(path));
            }
        }
        command
    }
}

/// Builds our TURN server; the runner that tries it with coturn's client, and our client with coturn's server.
fn coturn() -> Result<Command, Failure> {
    setup::ensure_coturn()?;
    let mut build = shell::cargo(&["build", "--quiet", "--locked", "-p", "zentalk-node"]);
    shell::run(build.args(["--bin", "zentalk-node"]))?;
    let mut command = shell::cargo(&["run", "--quiet", "--locked", "-p", "zentalk-interop"]);
    command.args(["--bin", "turn", "--", "--node"]);
    command.arg(shell::target().join("debug/zentalk-node"));
    Ok(command)
}

/// Builds our side; the command that starts it.
fn build_example() -> Result<String, Failure> {
    let mut build = shell::cargo(&["build", "--quiet", "--locked", "-p", "zentalk-call"]);
    shell::run(build.args(["--features", "interop", "--example", "plain_peer"]))?;
    Ok(quoted(&shell::target().join("debug").join(EXAMPLE)))
}

/// A virtual environment with aiortc; the command that starts the peer.
fn aiortc() -> Result<String, Failure> {
    setup::ensure_python()?;
    let environment = folder().join("venv");
    let python = environment.join("bin/python");
    let wanted = peers().join("requirements.txt");
    once(&environment, &wanted, || {
        println!("set-up: aiortc into {}", environment.display());
        let mut create = Command::new("python3");
        shell::run(create.args(["-m", "venv", "--clear"]).arg(&environment))?;
        let mut install = Command::new(&python);
        install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]);
        shell::run(install.arg(&wanted))
    })?;
    Ok(format!("{} {}", quoted(&python), quoted(&peers().join("aiortc_peer.py"))))
}

/// Playwright's driver for the system's Chromium; the command that starts the peer.
fn chromium() -> Result<String, Failure> {
    setup::ensure_chromium()?;
    let environment = folder().join("node");
    let wanted = peers().join("package.json");
    once(&environment, &wanted, || {
        println!("set-up: playwright-core into {}", environment.display());
        std::fs::create_dir_all(&environment)
            .and_then(|()| std::fs::copy(&wanted, environment.join("package.json")))
            .map_err(|error| Failure::new(format!("{}: {error}", environment.display())))?;
        let mut install = Command::new("npm");
        // The browser is the system's: no package may download one.
        install.args(["install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"]);
        shell::run(install.arg("--prefix").arg(&environment))
    })?;
    let script = quoted(&peers().join("chromium_peer.mjs"));
    Ok(format!("env NODE_ROOT={} node {script}", quoted(&environment)))
}

/// Runs `install` unless it has succeeded for this very list of wanted packages.
fn once(environment: &Path, wanted: &Path, install: impl FnOnce() -> Outcome) -> Outcome {
    let failed = |error: std::io::Error| Failure::new(format!("{}: {error}", wanted.display()));
    let list = std::fs::read(wanted).map_err(failed)?;
    let mark = environment.join("installed");
    if std::fs::read(&mark).is_ok_and(|installed| installed == list) {
        return Ok(());
    }
    install()?;
    std::fs::write(mark, list).map_err(failed)
}

/// Where the peers are set up.
fn folder() -> PathBuf {
    shell::target().join("interop")
}

/// The peers' scripts.
fn peers() -> PathBuf {
    shell::root().join("tests/interop/peers")
}

/// The path as one word of a shell's command.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

/// As seen from here: the runner starts in the workspace's root.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word_whatever_is_in_it() {
        let path = Path::new("/tmp/it's a folder");
        let printed =
            shell::output(Command::new("sh").args(["-c", &format!("printf %s {}", quoted(path))]));
        assert_eq!(printed.as_deref(), path.to_str());
    }

    #[test]
    fn a_peer_is_installed_once_and_again_when_its_list_changes() {
        let folder = std::env::temp_dir().join(format!("xtask-once-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let wanted = folder.join("wanted");
        let mut installs = 0;
        for list in ["a==1", "a==1", "a==2"] {
            std::fs::write(&wanted, list).unwrap();
            assert!(
                once(&folder, &wanted, || {
                    installs += 1;
                    Ok(())
                })
                .is_ok()
            );
        }
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(installs, 2);
    }
}
