use std::fs::File;
use std::io::{BufReader, Read};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use zentalk_ice_nat::turn::TlsTrust;

use crate::cases::Target;
use crate::certificate;
use crate::client::text;

/// Which server.
#[derive(Clone)]
pub(crate) enum Kind {
    /// `zentalk-node turn`.
    Ours(PathBuf),
    /// coturn's `turnserver`.
    Coturn,
}

/// A server that runs until it is dropped.
pub(crate) struct Server {
    kind: Kind,
    child: Child,
    pub(crate) target: Target,
    folder: TempDir,
}

pub(crate) const SECRET: &str = "north secret of 24 bytes";
const START: Duration = Duration::from_secs(20);

impl Server {
    pub(crate) fn start(kind: Kind, ip: &str) -> Result<Self, String> {
        let ip: IpAddr = ip.parse().map_err(text)?;
        let folder = tempfile::tempdir().map_err(text)?;
        let (certificate, _) = certificate::write(folder.path(), "server").map_err(text)?;
        let pem = std::fs::read(certificate).map_err(text)?;
        std::fs::write(folder.path().join("secret"), SECRET).map_err(text)?;
        let (plain, tls) = (free_port(ip)?, free_port(ip)?);
        let mut command = match &kind {
            Kind::Ours(program) => ours(program, ip, plain, tls),
            Kind::Coturn => coturn(ip, plain, tls),
        };
        restrict(&folder)?;
        let log = File::create(folder.path().join("log")).map_err(text)?;
        let errors = log.try_clone().map_err(text)?;
        command.current_dir(folder.path()).stdin(Stdio::null()).stdout(log).stderr(errors);
        let child =
            command.spawn().map_err(|error| format!("the server does not start: {error}"))?;
        let target = Target {
            udp: SocketAddr::new(ip, plain),
            tcp: SocketAddr::new(ip, plain),
            tls: SocketAddr::new(ip, tls),
            trust: TlsTrust::roots_pem(&pem).map_err(text)?,
            secret: SECRET.to_owned(),
        };
        let mut server = Self { kind, child, target, folder };
        server.wait_until_open()?;
        Ok(server)
    }

    pub(crate) const fn name(&self) -> &'static str {
        match self.kind {
            Kind::Ours(_) => "zentalk-node turn",
            Kind::Coturn => "coturn",
        }
    }

    pub(crate) const fn family(&self) -> &'static str {
        if self.target.udp.is_ipv4() { "IPv4" } else { "IPv6" }
    }

    fn wait_until_open(&mut self) -> Result<(), String> {
        let end = Instant::now() + START;
        while Instant::now() < end {
            if TcpStream::connect(self.target.tcp).is_ok()
                && TcpStream::connect(self.target.tls).is_ok()
            {
                return Ok(());
            }
            if self.child.try_wait().map_err(text)?.is_some() {
                break;
            }
            thread::sleep(Duration::from_millis(50));
        }
        Err(format!("{} does not open its ports:\n{}", self.name(), self.log()))
    }

    /// The last lines of what it said.
    fn log(&self) -> String {
        let mut said = String::new();
        if let Ok(log) = File::open(self.folder.path().join("log")) {
            // Half of a character at the end is no reason to show nothing.
            let _ = BufReader::new(log).take(64 * 1024).read_to_string(&mut said);
        }
        let lines: Vec<_> = said.lines().collect();
        lines.iter().skip(lines.len().saturating_sub(10)).copied().collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn ours(program: &PathBuf, ip: IpAddr, plain: u16, tls: u16) -> Command {
    let (plain, tls) =
        (SocketAddr::new(ip, plain).to_string(), SocketAddr::new(ip, tls).to_string());
    let mut command = Command::new(program);
    command
        .args(["turn", "--secret-file", "secret", "--realm", "turn.test", "--allow-loopback-peers"])
        .args(["--udp", &plain, "--tcp", &plain, "--tls", &tls])
        .args([
            "--tls-cert",
            "server.crt",
            "--tls-key",
            "server.key",
            "--max-per-credential",
            "100",
        ]);
    command
}

fn coturn(ip: IpAddr, plain: u16, tls: u16) -> Command {
    let mut command = Command::new("turnserver");
    command
        .args(["-n", "--no-cli", "--simple-log", "--log-file=stdout", "--pidfile=pid", "--db=db"])
        .args(["--realm=turn.test", "--fingerprint", "--use-auth-secret", "--cert=server.crt"])
        .args(["--pkey=server.key", "--allow-loopback-peers", "--no-multicast-peers"])
        .args([format!("--listening-ip={ip}"), format!("--relay-ip={ip}")])
        .args([format!("--listening-port={plain}"), format!("--tls-listening-port={tls}")])
        .arg(format!("--static-auth-secret={SECRET}"));
    command
}

/// Our server refuses a secret that everybody can read.
fn restrict(folder: &TempDir) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt;

    let owner_only = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(folder.path().join("secret"), owner_only).map_err(text)
}

fn free_port(ip: IpAddr) -> Result<u16, String> {
    let listener = TcpListener::bind(SocketAddr::new(ip, 0)).map_err(text)?;
    Ok(listener.local_addr().map_err(text)?.port())
}
