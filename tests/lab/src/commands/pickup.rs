//! How long after the accept the first sound comes.

use std::time::Duration;

use zentalk_cli::journal::Happening;

use super::several;
use crate::cli::{Cli, TurnChoice};
use crate::error::Error;
use crate::nat::NatKind;
use crate::report::{Report, median};
use crate::scene::{Scene, Stage, Wishes};
use crate::servers::TurnKind;
use crate::topology::Plan;

/// How long it rings: a path that can be warm is warm by then.
const RING: Duration = Duration::from_secs(3);
/// Sound comes within this time, or the run has failed.
const SOUND: Duration = Duration::from_secs(20);
const RUNS: u32 = 10;

/// Whether the signalling relay gives out credentials for TURN: without a relay there is no path before the accept.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Path {
    Warm,
    Cold,
}

pub(super) async fn run(cli: &Cli, stage: &Stage) -> Result<bool, Error> {
    let columns = [("TURN", 8), ("path", 4), ("run", 3), ("sound at A", 10), ("sound at B", 10)];
    let mut report = Report::new("From the accept to the first sound", &columns);
    for turn in cli.turn_kinds(TurnChoice::Embedded) {
        let mut delays = [const { Vec::new() }; 4];
        let runs = cli.runs.unwrap_or(RUNS);
        let kinds = [Path::Warm, Path::Cold].into_iter();
        let trials = kinds.flat_map(|path| (0..runs).map(move |run| (path, run))).zip(0..);
        let trials = trials.map(|((path, run), number)| async move {
            (path, run, trial(cli, stage, *turn, number, path).await)
        });
        several(cli.jobs, trials, |(path, run, outcome)| {
            let mut cells = vec![turn.to_string(), path.name().to_owned(), (run + 1).to_string()];
            match outcome {
                Ok(measured) => {
                    cells.extend(measured.map(millis));
                    let [warm_a, warm_b, cold_a, cold_b] = &mut delays;
                    let lists =
                        if path == Path::Warm { [warm_a, warm_b] } else { [cold_a, cold_b] };
                    lists.into_iter().zip(measured).for_each(|(list, delay)| list.push(delay));
                    report.add(cells, None);
                }
                Err(error) => report.add(cells, Some(error.to_string())),
            }
        })
        .await;
        compare(&mut report, &delays);
    }
    report.finish(&stage.work, "pickup")
}

/// The medians; a warm path must be the faster one at both ends.
fn compare(report: &mut Report, delays: &[Vec<Duration>; 4]) {
    let [warm_a, warm_b, cold_a, cold_b] = delays.each_ref().map(|list| median(list));
    for (side, warm, cold) in [("A", warm_a, cold_a), ("B", warm_b, cold_b)] {
        let shown = |delay: Option<Duration>| delay.map_or_else(|| "none".to_owned(), millis);
        let text = format!("median at {side}: warm {}, cold {}", shown(warm), shown(cold));
        let faster = warm.zip(cold).is_some_and(|(warm, cold)| warm < cold);
        report.add(vec![text], (!faster).then(|| "warming the path gains nothing".to_owned()));
    }
}

async fn trial(
    cli: &Cli,
    stage: &Stage,
    turn: TurnKind,
    number: u32,
    path: Path,
) -> Result<[Duration; 2], Error> {
    let plan = Plan::alike(number, NatKind::PortRestricted, cli.impairment());
    let name = format!("{turn}-{number:02}");
    let scene = Scene::set(stage, &plan, &name, turn, path == Path::Warm).await?;
    let wishes = Wishes { ring: Some(RING), ..Wishes::default() };
    let mut call = scene.call("call", &wishes).await?;
    let accepted = call.accepted.ok_or(Error::Broken("nobody accepted"))?;
    let sound = |what: &Happening| {
        matches!(what, Happening::FirstMedia { kind, .. } if kind == "audio").then_some(())
    };
    let [alice, bob] = &mut call.clients;
    let (at_a, ()) = alice.wait_for("sound", SOUND, sound).await?;
    let (at_b, ()) = bob.wait_for("sound", SOUND, sound).await?;
    call.hang_up().await;
    Ok([at_a, at_b].map(|at| at.saturating_duration_since(accepted)))
}

impl Path {
    const fn name(self) -> &'static str {
        match self {
            Self::Warm => "warm",
            Self::Cold => "cold",
        }
    }
}

fn millis(delay: Duration) -> String {
    format!("{} ms", delay.as_millis())
}
