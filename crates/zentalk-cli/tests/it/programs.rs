//! Starting the programs.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// `zentalk` with a data folder.
pub(crate) fn zentalk(data: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zentalk"));
    command.arg("--data").arg(data).args(words).stdin(Stdio::null());
    command.env_remove("ZENTALK_DATA").env_remove("ZENTALK_RELAY").env_remove("ZENTALK_LOG");
    command
}

/// Runs a command to its end.
pub(crate) fn run(mut command: Command) -> Ran {
    Ran::from(command.output().unwrap())
}

/// How a program ended and what it said.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }
}

/// The folder with the demo's media.
pub(crate) fn media() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/media")
}

/// `zentalk-node`, beside `zentalk`; built if it is not there yet.
pub(crate) fn node() -> &'static Path {
    static NODE: OnceLock<PathBuf> = OnceLock::new();
    NODE.get_or_init(|| {
        let zentalk = Path::new(env!("CARGO_BIN_EXE_zentalk"));
        let node = zentalk.with_file_name(format!("zentalk-node{}", std::env::consts::EXE_SUFFIX));
        if !node.is_file() {
            let mut cargo = Command::new(env!("CARGO"));
            cargo.args(["build", "--package", "zentalk-node", "--bin", "zentalk-node"]);
            if zentalk.parent().unwrap().ends_with("release") {
                cargo.arg("--release");
            }
            assert!(cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status().unwrap().success());
        }
        node
    })
}

/// A program that runs until it is dropped.
pub(crate) struct Running {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        Self { child, out }
    }

    /// The rest of the first line that contains `wanted`, from there on.
    pub(crate) fn wait_for(&mut self, wanted: &str) -> String {
        let mut seen = String::new();
        loop {
            let mut line = String::new();
            if self.out.read_line(&mut line).unwrap() == 0 {
                let ended = self.child.wait().unwrap();
                let mut err = String::new();
                self.child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
                panic!("no {wanted:?} until {ended}: {seen}{err}");
            }
            if let Some(at) = line.find(wanted) {
                return line[at..].trim_end().to_owned();
            }
            seen.push_str(&line);
        }
    }

    /// Types a line; the program must have been started with its input piped.
    pub(crate) fn type_line(&mut self, line: &str) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    /// Sends what Ctrl-C sends.
    #[cfg(unix)]
    pub(crate) fn interrupt(&self) {
        // The shell's own `kill`: the program of this name is not on every machine.
        let kill = format!("kill -INT {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Waits for its end, for a minute at most.
    pub(crate) fn end(mut self) -> Ran {
        let deadline = Instant::now() + Duration::from_secs(60);
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < deadline, "it does not end");
            std::thread::sleep(Duration::from_millis(20));
        };
        let (mut out, mut err) = (String::new(), String::new());
        self.out.read_to_string(&mut out).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        Ran { code: status.code(), out, err }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended needs no killing.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A relay on a free port, and its URL.
pub(crate) fn relay(data: &Path) -> (Running, String) {
    relay_at(data, FREE)
}

/// A relay that listens at this address, and its URL.
pub(crate) fn relay_at(data: &Path, address: &str) -> (Running, String) {
    start_relay(data, address, &[])
}

/// A relay that hands out a TURN server at 127.0.0.1 with these ports, by transport.
pub(crate) fn relay_with_turn(
    folder: &Path,
    secret: &str,
    ports: &[(&str, u16)],
) -> (Running, String) {
    let mut configuration = format!("secrets = [{secret:?}]\n[[server]]\nhost = \"127.0.0.1\"\n");
    for (transport, port) in ports {
        configuration.push_str(&format!("{transport} = {port}\n"));
    }
    let file = folder.join("turn.toml");
    std::fs::write(&file, configuration).unwrap();
    start_relay(&folder.join("relay"), FREE, &["--turn-config", file.to_str().unwrap()])
}

/// Whichever port is free.
const FREE: &str = "127.0.0.1:0";

fn start_relay(data: &Path, address: &str, words: &[&str]) -> (Running, String) {
    let mut command = Command::new(node());
    command.args(["relay", "--listen", address, "--data"]).arg(data).args(words);
    let mut relay = Running::start(command);
    let url = relay.wait_for("ws://");
    (relay, url)
}

/// A TURN server on 127.0.0.1 with UDP, TCP and, with a certificate and its key, TLS; and its ports.
pub(crate) fn turn(
    folder: &Path,
    secret: &str,
    tls: Option<[&Path; 2]>,
) -> (Running, Vec<(&'static str, u16)>) {
    let file = folder.join("turn.secret");
    std::fs::write(&file, secret).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    let mut command = Command::new(node());
    command.args(["turn", "--allow-loopback-peers", "--secret-file"]).arg(&file);
    command.args(["--udp", "127.0.0.1:0", "--tcp", "127.0.0.1:0"]);
    let mut transports = vec!["udp", "tcp"];
    if let Some([certificate, key]) = tls {
        command.args(["--tls", "127.0.0.1:0", "--tls-cert"]).arg(certificate);
        command.arg("--tls-key").arg(key);
        transports.push("tls");
    }
    let mut server = Running::start(command);
    let ports = transports.into_iter().map(|transport| {
        let uri = server.wait_for("127.0.0.1:");
        let port = uri.trim_start_matches("127.0.0.1:").split('?').next().unwrap();
        (transport, port.parse().unwrap())
    });
    let ports = ports.collect();
    (server, ports)
}

/// A forwarding server that speaks TLS with this certificate and key, and a relay that grants tokens to it, with its URL.
pub(crate) fn relay_with_sfu(
    folder: &Path,
    [certificate, key]: [&Path; 2],
) -> (Vec<Running>, String) {
    let made = run({
        let mut command = Command::new(node());
        command.arg("sfu-key").arg(folder.join("sfu.key"));
        command
    });
    let public = made.out.trim().strip_prefix("public ").unwrap();
    let mut command = Command::new(node());
    command.args(["sfu", "--listen", "127.0.0.1:0", "--media", "127.0.0.1:0", "--workers", "1"]);
    command.args(["--key", public, "--tls-cert"]).arg(certificate).arg("--tls-key").arg(key);
    let mut sfu = Running::start(command);
    let url = sfu.wait_for("wss://");
    let file = folder.join("sfu.toml");
    std::fs::write(&file, format!("key_file = \"sfu.key\"\nurls = [{url:?}]\n")).unwrap();
    let (relay, url) =
        start_relay(&folder.join("relay"), FREE, &["--sfu-config", file.to_str().unwrap()]);
    (vec![sfu, relay], url)
}
