//! coturn's relay under the load that its own client makes.

use std::fs;
use std::net::UdpSocket;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::kit::{Cell, Standing};

/// Clients, each with a packet a millisecond.
const CLIENTS: usize = 30;

/// What one relayed packet costs in CPU time of all its threads. `None` if coturn is not here or does not answer.
///
/// Its client sends from one allocation to another, so that each message is relayed twice.
pub(crate) fn relay(quick: bool) -> Option<Cell> {
    let messages = if quick { 500 } else { 4_000 };
    let port = UdpSocket::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
    let server = Server::start(port)?;
    let before = server.cpu_time()?;
    let output = Command::new("timeout")
        .args(["90", "turnutils_uclient", "-y", "-c", "-u", "bench", "-w", "bench", "-z", "1"])
        .args(["-m", &CLIENTS.to_string(), "-n", &messages.to_string(), "-l", "1100"])
        .args(["-p", &port.to_string(), "127.0.0.1"])
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let spent = server.cpu_time()? - before;
    let received = received(&String::from_utf8_lossy(&output.stdout))?;
    Some(Cell {
        name: "coturn",
        standing: Standing::Peer,
        nanoseconds: spent as f64 / (2.0 * received as f64),
        allocations: f64::NAN,
        facts: None,
    })
}

/// A `turnserver` that runs until it is dropped, and the folder that it writes to.
struct Server(Child, PathBuf);

impl Server {
    fn start(port: u16) -> Option<Self> {
        let folder = std::env::temp_dir().join(format!("zentalk-bench-coturn-{port}"));
        fs::create_dir_all(&folder).ok()?;
        let child = Command::new("turnserver")
            .args(["-n", "--no-cli", "--no-tls", "--no-dtls", "--log-file=stdout", "--simple-log"])
            .args(["--pidfile=pid", "--db=db", "--lt-cred-mech", "--user=bench:bench"])
            .args(["--realm=bench", "--allow-loopback-peers", "--relay-threads=1"])
            .args(["--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1"])
            .arg(format!("--listening-port={port}"))
            .current_dir(&folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let server = Self(child, folder);
        let end = Instant::now() + Duration::from_secs(10);
        // It takes TCP on the same port.
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            if Instant::now() > end {
                return None;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(server)
    }

    /// Nanoseconds that all its threads have run.
    fn cpu_time(&self) -> Option<u64> {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.0.id())).ok()?;
        let times = tasks.flatten().filter_map(|task| {
            let statistics = fs::read_to_string(task.path().join("schedstat")).ok()?;
            statistics.split_whitespace().next()?.parse::<u64>().ok()
        });
        Some(times.sum())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
        let _ = fs::remove_dir_all(&self.1);
    }
}

/// The last count of received messages: `tot_recv_msgs=…`.
fn received(said: &str) -> Option<u64> {
    let count = said.rsplit("tot_recv_msgs=").next()?;
    let digits = count.trim_start().split(|it: char| !it.is_ascii_digit()).next()?;
    digits.parse().ok().filter(|count| *count > 0)
}
