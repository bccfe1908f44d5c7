use std::path::{Path, PathBuf};

use crate::cli::{Cli, Sends};
use crate::error::Error;
use crate::judge::{Received, Verdict, judge};
use crate::material::{Material, Side};
use crate::plan::{Plan, plans};
use crate::report::{Direction, Report, Row};
use crate::run::{Connection, run};
use crate::stop::Stop;

/// Runs everything that was asked for and prints the table; whether all of it passed.
pub(crate) fn run_all(cli: &Cli, stop: &Stop) -> Result<bool, Error> {
    let work = Work::new(cli.keep.as_deref())?;
    let material = Material::prepare(&cli.material, work.path())?;
    let mut report = Report::new(&cli.peer);
    for round in 1..=cli.times {
        for plan in plans(cli) {
            let folder = work.path().join(format!("{round}-{}", plan.name()));
            for row in rows(plan, cli, &material, &folder, stop)? {
                report.add(row);
            }
        }
    }
    if let Some(path) = &cli.json {
        report.write(path)?;
    }
    let has_passed = report.finish();
    work.finish(has_passed);
    Ok(has_passed)
}

/// The two rows of one connection. A connection that fails is two failed rows; a wish to stop ends all.
fn rows(
    plan: Plan,
    cli: &Cli,
    material: &Material,
    folder: &Path,
    stop: &Stop,
) -> Result<[Row; 2], Error> {
    match run(plan, cli, material, folder, stop) {
        Ok(connection) => judged(plan, cli, material, folder, &connection),
        Err(Error::Stopped) => Err(Error::Stopped),
        Err(error) => {
            let cause = error.to_string();
            let verdict = || Verdict::failed("no connection", cause.clone());
            Ok([Direction::WeSend, Direction::TheySend]
                .map(|direction| Row::unconnected(plan, direction, folder, verdict())))
        }
    }
}

fn judged(
    plan: Plan,
    cli: &Cli,
    material: &Material,
    folder: &Path,
    connection: &Connection,
) -> Result<[Row; 2], Error> {
    let received = |sent, sends, recordings, stats| Received {
        media: plan.media,
        sent,
        sends,
        folder: recordings,
        stats,
        seconds: cli.seconds,
    };
    let (ours, theirs): (&Side, &Side) = (&material.ours, &material.theirs);
    let at_them = received(ours, Sends::Files, &connection.their_folder, &connection.theirs);
    let at_us = received(theirs, cli.sends, &connection.our_folder, &connection.ours);
    Ok([
        Row::connected(plan, Direction::WeSend, folder, connection, judge(&at_them)?),
        Row::connected(plan, Direction::TheySend, folder, connection, judge(&at_us)?),
    ])
}

/// Where the runs leave what they write.
enum Work {
    /// Gone when everything passed.
    Temporary(tempfile::TempDir),
    /// The user's.
    Kept(PathBuf),
}

impl Work {
    fn new(keep: Option<&Path>) -> Result<Self, Error> {
        let Some(folder) = keep else {
            let folder = tempfile::Builder::new().prefix("zentalk-interop-").tempdir();
            return folder.map(Self::Temporary).map_err(Error::io(std::env::temp_dir()));
        };
        std::fs::create_dir_all(folder).map_err(Error::io(folder))?;
        // The peers may have another working folder.
        std::path::absolute(folder).map(Self::Kept).map_err(Error::io(folder))
    }

    fn path(&self) -> &Path {
        match self {
            Self::Temporary(folder) => folder.path(),
            Self::Kept(folder) => folder,
        }
    }

    /// Leaves everything in its place after a failure: the table names it.
    fn finish(self, has_passed: bool) {
        if let Self::Temporary(mut folder) = self {
            folder.disable_cleanup(!has_passed);
        }
    }
}
