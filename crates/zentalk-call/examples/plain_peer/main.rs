//! A WebRTC peer behind a plain HTTP door, for interop tests: `--help` says how to use it.
//!
//! It has no frame encryption, no ratchet and no accounts: it is no call. Run it with
//! `cargo run -p zentalk-call --features interop --example plain_peer`.
#![allow(clippy::print_stdout, clippy::print_stderr)] // A program talks.

mod connection;
mod door;
mod received;
mod sending;
mod stats;

use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use crate::door::Door;
use crate::sending::Material;

/// A WebRTC peer without frame encryption, behind a plain HTTP door on 127.0.0.1: for interop tests.
///
/// It sends a recording of speech (Opus) and a film (VP8) in real time, again and again, and decodes,
/// counts and, if asked, records what it receives.
#[derive(Parser)]
#[command(name = "plain_peer", after_long_help = DOOR)]
pub(crate) struct Arguments {
    /// The door's port on 127.0.0.1; 0 takes any. The address is printed.
    #[arg(long, env = "PORT", default_value_t = 8096)]
    port: u16,
    /// The one host address that ICE uses.
    #[arg(long, env = "HOSTADDR", default_value = "127.0.0.1")]
    host_address: IpAddr,
    /// What is said: a WAV file, 48 kHz, 16 bit.
    #[arg(long, env = "SPEECH", value_name = "WAV", default_value = SPEECH)]
    speech: PathBuf,
    /// What is shown: an IVF file with VP8, a Y4M file, or `pattern`.
    #[arg(long, env = "FILM", value_name = "FILE", default_value = FILM)]
    film: PathBuf,
    /// Where to record what is received: `received-N.wav` and `received-N.ivf` for the Nth connection,
    /// complete once it is closed.
    #[arg(long, env = "RECORD", value_name = "FOLDER")]
    record: Option<PathBuf>,
    /// Bits a second of pictures.
    #[arg(long, env = "VIDEO_BIT_RATE", default_value_t = 1_000_000)]
    video_bit_rate: u32,
}

const SPEECH: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/media/speech-a-48k-mono.wav");
const FILM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/media/bbb-640x360-25fps.ivf");

const DOOR: &str = "\
The door speaks JSON both ways; errors are {\"error\": cause}, mostly with status 400:
  POST /offer     {sdp, type: \"offer\"}: a new connection that the peer offers.
                  Returns {sdp, type: \"answer\"}.
  GET  /mkoffer   a new connection that this side offers.
                  ?video=0 or ?audio=0 leaves one medium out; ?video=VP8 is the default.
                  Returns {sdp, type: \"offer\"}.
  POST /answer    {sdp, type: \"answer\"}: the peer's answer to that. Returns {}.
  GET  /stats     state, path, security, what was agreed on, sent and received.
  GET  /close     says goodbye and completes the recordings. Returns {}.
There is one connection at a time; a new one closes the one before.
Descriptions are whole (no trickle): gather all candidates before posting.
Any page in a browser may call the door (CORS).

Example, with another of its kind:
  PORT=8096 plain_peer & PORT=8097 plain_peer &
  curl -s 127.0.0.1:8096/mkoffer | curl -s -d @- 127.0.0.1:8097/offer |
    curl -s -d @- 127.0.0.1:8096/answer
  curl -s 127.0.0.1:8096/stats";

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("plain_peer: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let material = Material::open(&arguments.speech, &arguments.film)?;
    if let Some(folder) = &arguments.record {
        std::fs::create_dir_all(folder)?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let door = Door::open(arguments, material, runtime.handle().clone())?;
    println!("http://{}", door.address());
    door.serve()
}
