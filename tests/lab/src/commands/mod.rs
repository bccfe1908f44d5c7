//! One file for each thing that the lab shows.

mod matrix;
mod mdns;
mod outage;
mod pickup;
mod relay_only;
mod roam;

use std::future::Future;
use std::path::Path;

use futures_util::{StreamExt, stream};

use crate::certificate::Certificate;
use crate::cli::Cli;
use crate::error::Error;
use crate::scene::Stage;
use crate::speech::Speech;

/// How long the speech is: no call of the lab lasts longer.
const SPEECH_SECONDS: usize = 150;

/// Runs what was asked for; whether all of it was as it should be.
pub(crate) async fn run(cli: &Cli) -> Result<bool, Error> {
    let name = name(cli);
    let work = std::path::absolute(&cli.out).map_err(Error::io(&cli.out))?.join(name);
    // What an earlier run left is not to be taken for what this one found.
    if work.exists() {
        std::fs::remove_dir_all(&work).map_err(Error::io(&work))?;
    }
    std::fs::create_dir_all(&work).map_err(Error::io(&work))?;
    let stage = Stage {
        zentalk: program(&cli.zentalk)?,
        node: program(&cli.node)?,
        certificate: Certificate::make(&work)?,
        speech: Speech::prepare(&cli.media, &work, SPEECH_SECONDS)?,
        work,
    };
    match cli {
        Cli { roam: true, .. } => roam::run(cli, &stage).await,
        Cli { outage: Some(seconds), .. } => outage::run(cli, &stage, *seconds).await,
        Cli { relay_only: true, .. } => relay_only::run(cli, &stage).await,
        Cli { pickup: true, .. } => pickup::run(cli, &stage).await,
        Cli { mdns: true, .. } => mdns::run(cli, &stage).await,
        Cli { .. } => matrix::run(cli, &stage).await,
    }
}

/// Runs `jobs` trials at a time, and gives each outcome to `take` as it comes.
async fn several<T>(
    jobs: u32,
    trials: impl Iterator<Item = impl Future<Output = T>>,
    mut take: impl FnMut(T),
) {
    let jobs = usize::try_from(jobs).unwrap_or(1);
    let mut trials = stream::iter(trials).buffer_unordered(jobs);
    while let Some(outcome) = trials.next().await {
        take(outcome);
    }
}

fn name(cli: &Cli) -> &'static str {
    match cli {
        Cli { roam: true, .. } => "roam",
        Cli { outage: Some(_), .. } => "outage",
        Cli { relay_only: true, .. } => "relay-only",
        Cli { pickup: true, .. } => "pickup",
        Cli { mdns: true, .. } => "mdns",
        _ => "matrix",
    }
}

/// As seen from a namespace: `ip netns exec` keeps the working folder, but a path with a `/` is surer.
fn program(path: &Path) -> Result<std::path::PathBuf, Error> {
    std::path::absolute(path)
        .and_then(|path| path.metadata().map(|_| path))
        .map_err(|source| Error::Start { program: path.to_owned(), source })
}
