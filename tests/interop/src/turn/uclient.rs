//! coturn's `turnutils_uclient`: it allocates, sends itself packets through the server, and counts what comes.

use std::process::{Command, Stdio};

use crate::server::{SECRET, Server};

/// How it is run.
pub(crate) struct Mode {
    pub(crate) flags: &'static [&'static str],
    /// The largest loss in percent, as it reports it. Over TLS it never reads the last packet of each session: one in
    /// five, against its own server, too.
    loss: f64,
    /// With -R it breaks its own requests at random, and waits for ever for an answer to one that is beyond reading; against its
    /// own server, too. A run that ends says that what can be answered is; the others, that the server outlives them.
    tries: u32,
}

/// About one run in five ends, fewer over TCP, where every break of the framing is beyond reading.
const BREAKING_TRIES: u32 = 40;

pub(crate) const MODES: &[Mode] = &[
    Mode::plain(&[]),
    Mode::plain(&["-s"]),
    Mode::plain(&["-c"]),
    Mode::plain(&["-G"]),
    Mode::plain(&["-D"]),
    Mode::plain(&["-m", "8"]),
    Mode::plain(&["-N"]),
    Mode { flags: &["-R"], loss: 100.0, tries: BREAKING_TRIES },
    Mode::plain(&["-t"]),
    Mode::plain(&["-t", "-s"]),
    Mode::plain(&["-t", "-N"]),
    Mode { flags: &["-t", "-R"], loss: 100.0, tries: BREAKING_TRIES },
    Mode { flags: &["-t", "-S"], loss: 20.0, tries: 1 },
    Mode { flags: &["-t", "-S", "-s"], loss: 20.0, tries: 1 },
    Mode { flags: &["-t", "-S", "-N"], loss: 20.0, tries: 1 },
    Mode { flags: &["-t", "-S", "-R"], loss: 100.0, tries: BREAKING_TRIES },
    // Again, after all that was broken.
    Mode::plain(&["-y"]),
];

impl Mode {
    const fn plain(flags: &'static [&'static str]) -> Self {
        Self { flags, loss: 0.0, tries: 1 }
    }
}

pub(crate) fn run(mode: &Mode, server: &Server) -> Result<(), String> {
    let mut outcome = Err("it was not tried".to_owned());
    for _ in 0..mode.tries {
        outcome = once(mode, server);
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}

fn once(mode: &Mode, server: &Server) -> Result<(), String> {
    let tls = mode.flags.contains(&"-S");
    let address = if tls { server.target.tls } else { server.target.udp };
    // A session takes it five seconds, over TLS fifteen.
    let seconds = match (mode.tries, tls) {
        (1, _) => "60",
        (_, false) => "12",
        (_, true) => "25",
    };
    let output = Command::new("timeout")
        .args([seconds, "turnutils_uclient", "-y", "-u", "interop", "-W", SECRET])
        .args(mode.flags)
        .args(["-p", &address.port().to_string(), &address.ip().to_string()])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("turnutils_uclient does not start: {error}"))?;
    let said = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        let last = said.lines().last().unwrap_or_default();
        return Err(format!("{}: {last}", output.status));
    }
    let loss = loss(&said).ok_or("it does not say what was lost")?;
    if loss <= mode.loss { Ok(()) } else { Err(format!("{loss} % lost")) }
}

/// From `Total lost packets 4 (20.000000%), total send dropped 0 (0.000000%)`.
fn loss(said: &str) -> Option<f64> {
    let line = said.lines().find(|line| line.contains("Total lost packets"))?;
    let (_, rest) = line.split_once('(')?;
    rest.split_once('%')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loss_is_read_from_its_report() {
        let said = "5: : Total transmit time is 5\n5: : Total lost packets 4 (20.000000%), total send dropped 0 (0.000000%)\n";
        assert_eq!(loss(said), Some(20.0));
        assert_eq!(loss("nothing"), None);
    }
}
