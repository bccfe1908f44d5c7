//! The caller goes to another network in mid-call.

use std::time::{Duration, Instant};

use super::several;
use crate::cli::{Cli, TurnChoice};
use crate::error::Error;
use crate::nat::NatKind;
use crate::report::{Report, median};
use crate::scene::{Scene, Stage, Wishes};
use crate::servers::TurnKind;
use crate::topology::Plan;

/// How long both talk before the move.
const BEFORE: Duration = Duration::from_secs(3);
/// How long they go on: media that do not come within it are lost.
const AFTER: Duration = Duration::from_secs(10);
/// So long before the move the call was up and steady: a gap that begins there counts.
const SETTLED: Duration = Duration::from_secs(1);
/// The median of the gaps must be below.
const GOAL: Duration = Duration::from_millis(1_500);
const RUNS: u32 = 10;

/// What was measured at A and at B.
struct Outcome {
    gaps: [Duration; 2],
    paths: [String; 2],
    fault: Option<String>,
}

pub(super) async fn run(cli: &Cli, stage: &Stage) -> Result<bool, Error> {
    let mut report = Report::new(
        "Calls whose caller changes the network",
        &[
            ("TURN", 8),
            ("run", 3),
            ("gap at A", 8),
            ("gap at B", 8),
            ("path of A", 16),
            ("path of B", 16),
        ],
    );
    let turns = cli.turn_kinds(TurnChoice::Embedded);
    let runs = turns.iter().flat_map(|turn| (0..cli.runs.unwrap_or(RUNS)).map(|run| (*turn, run)));
    let trials = runs.zip(0..).map(|((turn, run), number)| async move {
        (turn, run, trial(cli, stage, turn, number).await)
    });
    let mut gaps = [Vec::new(), Vec::new()];
    several(cli.jobs, trials, |(turn, run, outcome)| {
        let mut cells = vec![turn.to_string(), (run + 1).to_string()];
        match outcome {
            Ok(outcome) => {
                cells.extend(outcome.gaps.map(|gap| format!("{} ms", gap.as_millis())));
                cells.extend(outcome.paths);
                gaps.iter_mut().zip(outcome.gaps).for_each(|(all, gap)| all.push(gap));
                report.add(cells, outcome.fault);
            }
            Err(error) => report.add(cells, Some(error.to_string())),
        }
    })
    .await;
    for (side, gaps) in ["A", "B"].into_iter().zip(&gaps) {
        add_median(&mut report, side, gaps);
    }
    report.finish(&stage.work, "roam")
}

fn add_median(report: &mut Report, side: &str, gaps: &[Duration]) {
    let middle = median(gaps);
    let shown = middle.map_or_else(|| "none".to_owned(), |gap| format!("{} ms", gap.as_millis()));
    let cause = middle
        .is_none_or(|gap| gap >= GOAL)
        .then(|| format!("the median must be below {} ms", GOAL.as_millis()));
    report.add(vec![format!("median of {} at {side}: {shown}", gaps.len())], cause);
}

async fn trial(cli: &Cli, stage: &Stage, turn: TurnKind, number: u32) -> Result<Outcome, Error> {
    let plan = Plan::alike(number, NatKind::PortRestricted, cli.impairment());
    let mut scene = Scene::set(stage, &plan, &format!("{number:02}"), turn, true).await?;
    let mut call = scene.call("call", &Wishes::default()).await?;
    call.connected().await?;
    tokio::time::sleep(BEFORE).await;
    let moved = Instant::now();
    let [caller, _] = &mut scene.lab.hosts;
    tokio::task::block_in_place(|| caller.move_away())?;
    tokio::time::sleep(AFTER).await;
    let gaps = scene.media_gaps(moved - SETTLED)?;
    let paths = call.paths();
    let fault = call.hang_up().await;
    Ok(Outcome { gaps, paths, fault })
}
