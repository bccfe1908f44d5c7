use std::fmt;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use stun_types::message::{BINDING, Message, MessageWrite, MessageWriteVec};
use tokio::net::UdpSocket;
use tokio::time::timeout;

use super::START;
use crate::addresses::{TURN, TURN_NAME, TURN_PORT, TURNS_PORT, at_port};
use crate::certificate::Certificate;
use crate::error::Error;
use crate::namespace::Namespace;
use crate::process::Process;

/// Which TURN server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum TurnKind {
    /// Coturn, the reference.
    Coturn,
    /// `zentalk-node turn`.
    Embedded,
}

impl fmt::Display for TurnKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Coturn => "coturn",
            Self::Embedded => "embedded",
        })
    }
}

/// A TURN server over UDP, TCP and TLS that shares a secret with the signalling relay.
pub(crate) struct TurnServer {
    _process: Process,
    /// For `zentalk-node relay --turn-config`.
    pub(crate) relay_config: PathBuf,
}

/// How long one question to a server that may not be up yet waits for its answer.
const PATIENCE: Duration = Duration::from_millis(100);

impl TurnServer {
    /// Starts it, and waits until it answers.
    pub(crate) async fn start(
        kind: TurnKind,
        node: &Path,
        public: &Namespace,
        certificate: &Certificate,
        folder: &Path,
    ) -> Result<Self, Error> {
        let secret = secret()?;
        let secret_file = folder.join("turn-secret");
        private_file(&secret_file, &secret)?;
        let relay_config = folder.join("turn.toml");
        private_file(&relay_config, &relay_config_text(&secret))?;
        let command = match kind {
            TurnKind::Coturn => coturn(public, &secret, certificate, folder),
            TurnKind::Embedded => embedded(public, node, &secret_file, certificate),
        };
        let process = Process::start(command, folder, "turn")?;
        let [server, _] = at_port(TURN, TURN_PORT);
        let socket = public.udp_socket((server.ip(), 0).into())?;
        match timeout(START, answer(&socket, server)).await {
            Ok(Ok(())) => Ok(Self { _process: process, relay_config }),
            _ => {
                let (who, log) = ("the TURN server", process.log.clone());
                Err(Error::NotReady { who, within: START, log })
            }
        }
    }
}

fn coturn(public: &Namespace, secret: &str, certificate: &Certificate, folder: &Path) -> Command {
    let mut command = public.command("turnserver");
    // No configuration of the machine's own.
    command.arg("-n");
    for address in TURN {
        command.args([format!("--listening-ip={address}"), format!("--relay-ip={address}")]);
    }
    command.args([
        format!("--listening-port={TURN_PORT}"),
        format!("--tls-listening-port={TURNS_PORT}"),
        format!("--realm={TURN_NAME}"),
        format!("--static-auth-secret={secret}"),
        format!("--cert={}", certificate.chain.display()),
        format!("--pkey={}", certificate.key.display()),
        format!("--db={}", folder.join("turndb").display()),
        format!("--pidfile={}", folder.join("turn.pid").display()),
    ]);
    command.args(["--use-auth-secret", "--fingerprint", "--no-cli", "--no-multicast-peers"]);
    command.args(["--log-file=stdout", "--simple-log"]);
    command
}

fn embedded(
    public: &Namespace,
    node: &Path,
    secret_file: &Path,
    certificate: &Certificate,
) -> Command {
    let mut command = public.command(node);
    command.arg("turn");
    for (option, port) in [("--udp", TURN_PORT), ("--tcp", TURN_PORT), ("--tls", TURNS_PORT)] {
        for server in at_port(TURN, port) {
            command.args([option, &server.to_string()]);
        }
    }
    for address in TURN {
        command.args(["--relay-ip", &address.to_string()]);
    }
    // The lab's public segment is made of documentation ranges, which no server relays to unasked.
    for network in ["203.0.113.0/24", "2001:db8::/32"] {
        command.args(["--allow-peers", network]);
    }
    command.args(["--realm", TURN_NAME]).arg("--secret-file").arg(secret_file);
    command.arg("--tls-cert").arg(&certificate.chain).arg("--tls-key").arg(&certificate.key);
    command
}

fn relay_config_text(secret: &str) -> String {
    format!(
        "secrets = [\"{secret}\"]\n\n[[server]]\nhost = \"{TURN_NAME}\"\nudp = {TURN_PORT}\n\
         tcp = {TURN_PORT}\ntls = {TURNS_PORT}\n"
    )
}

/// 32 random bytes in hexadecimal.
fn secret() -> Result<String, Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|_| Error::Broken("the system has no randomness"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A file that only root reads.
fn private_file(path: &Path, text: &str) -> Result<(), Error> {
    fs::write(path, text).map_err(Error::io(path))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(Error::io(path))
}

/// Asks a server that may not be up yet, until it answers.
async fn answer(socket: &UdpSocket, server: SocketAddr) -> io::Result<()> {
    let request = Message::builder_request(BINDING, MessageWriteVec::new()).finish();
    loop {
        // Nobody may listen yet, which comes back as an error of the socket.
        let _refused = socket.send_to(&request, server).await;
        let mut buffer = [0; 512];
        if let Ok(Ok(_)) = timeout(PATIENCE, socket.recv_from(&mut buffer)).await {
            return Ok(());
        }
        tokio::time::sleep(PATIENCE).await;
    }
}
