use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::cli::{Cli, Role};
use crate::door::{Description, Stats};
use crate::error::Error;
use crate::material::{Material, Side};
use crate::peer::Peer;
use crate::plan::Plan;
use crate::stop::Stop;

/// What both sides say and recorded of one connection.
pub(crate) struct Connection {
    pub(crate) ours: Stats,
    pub(crate) theirs: Stats,
    /// Their folders of recordings.
    pub(crate) our_folder: PathBuf,
    pub(crate) their_folder: PathBuf,
}

/// Both sides are on this machine: what takes longer than this does not come.
const CONNECT: Duration = Duration::from_secs(20);
const STEP: Duration = Duration::from_millis(200);

/// Starts both sides, connects them, lets media flow and ends them.
pub(crate) fn run(
    plan: Plan,
    cli: &Cli,
    material: &Material,
    folder: &Path,
    stop: &Stop,
) -> Result<Connection, Error> {
    let our_folder = recordings(folder, "ours")?;
    let their_folder = recordings(folder, "theirs")?;
    let mut ours = start("our side", &cli.ours, &material.ours, &our_folder, &[], stop)?;
    let profile: &[_] = &[("PROFILES", Path::new(plan.profile()))];
    let mut theirs =
        start("the peer", &cli.theirs, &material.theirs, &their_folder, profile, stop)?;
    let (offerer, answerer) = match plan.role {
        Role::Offer => (&ours, &theirs),
        Role::Answer => (&theirs, &ours),
    };
    let offer = offerer.door.make_offer(plan.query())?;
    keep(folder, "offer.sdp", &offer)?;
    let answer = answerer.door.offer(&offer)?;
    keep(folder, "answer.sdp", &answer)?;
    offerer.door.answer(&answer)?;
    wait_until_connected(&mut ours, &mut theirs, stop)?;
    stop.pause(Duration::from_secs(cli.seconds))?;
    let connection = Connection {
        ours: stats(&mut ours, folder, "ours.json")?,
        theirs: stats(&mut theirs, folder, "theirs.json")?,
        our_folder,
        their_folder,
    };
    // The recordings are complete after this; how a side ends otherwise is not what is judged.
    ours.door.close()?;
    theirs.door.close()?;
    Ok(connection)
}

fn start(
    who: &'static str,
    command: &str,
    side: &Side,
    folder: &Path,
    more: &[(&str, &Path)],
    stop: &Stop,
) -> Result<Peer, Error> {
    let mut environment: Vec<(&str, &Path)> =
        vec![("SPEECH", &side.audio), ("FILM", &side.video), ("RECORD", folder)];
    environment.extend_from_slice(more);
    Peer::start(who, command, &environment, folder.join("log.txt"), stop)
}

fn recordings(folder: &Path, name: &str) -> Result<PathBuf, Error> {
    let folder = folder.join(name);
    std::fs::create_dir_all(&folder).map_err(Error::io(&folder))?;
    Ok(folder)
}

fn keep(folder: &Path, name: &str, description: &Description) -> Result<(), Error> {
    let path = folder.join(name);
    std::fs::write(&path, &description.sdp).map_err(Error::io(&path))
}

fn stats(peer: &mut Peer, folder: &Path, name: &str) -> Result<Stats, Error> {
    peer.check()?;
    let stats = peer.door.stats()?;
    let path = folder.join(name);
    std::fs::write(&path, format!("{:#}\n", stats.0)).map_err(Error::io(&path))?;
    Ok(stats)
}

fn wait_until_connected(ours: &mut Peer, theirs: &mut Peer, stop: &Stop) -> Result<(), Error> {
    let end = Instant::now() + CONNECT;
    loop {
        ours.check()?;
        theirs.check()?;
        let states = [state(ours), state(theirs)];
        if states.iter().all(|state| state == "connected") {
            return Ok(());
        }
        if Instant::now() >= end {
            let [ours, theirs] = states;
            return Err(Error::NotConnected { after: CONNECT, ours, theirs });
        }
        stop.pause(STEP)?;
    }
}

/// What a side says of its connection. Some doors have no statistics before there is one.
fn state(peer: &Peer) -> String {
    match peer.door.stats() {
        Ok(stats) => stats.text("state").unwrap_or("silent").to_owned(),
        Err(error) => error.to_string(),
    }
}
