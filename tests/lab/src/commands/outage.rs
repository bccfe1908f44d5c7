//! The caller's wire is cut for a while.

use std::time::{Duration, Instant};

use zentalk_cli::journal::Happening;

use super::several;
use crate::cli::{Cli, TurnChoice};
use crate::client::Client;
use crate::error::Error;
use crate::nat::NatKind;
use crate::report::Report;
use crate::scene::{Call, Scene, Stage, Wishes};
use crate::servers::TurnKind;
use crate::topology::Plan;

/// How long both talk before the wire is cut.
const BEFORE: Duration = Duration::from_secs(3);
/// From its detection a lost connection is tried to be restored for so long, and no longer.
const RECONNECT: Duration = Duration::from_secs(30);
/// How exactly: journals are read within a moment, and packets that were under way delay the detection.
const EXACTLY: Duration = Duration::from_millis(1_500);
/// A loss is noticed after five seconds of silence at the latest.
const NOTICED: Duration = Duration::from_secs(8);
/// A call that is to come back is up again so long after the wire is.
const BACK: Duration = Duration::from_secs(6);
/// How long both talk afterwards.
const AFTER: Duration = Duration::from_secs(3);
/// How a program ends that could not connect or lost the connection.
const NO_CONNECTION: &str = "exit status: 7";

/// What was seen at both.
struct Outcome {
    /// What each saw, in words.
    seen: [String; 2],
    fault: Option<String>,
}

pub(super) async fn run(cli: &Cli, stage: &Stage, seconds: u64) -> Result<bool, Error> {
    let outage = Duration::from_secs(seconds);
    let columns = [("TURN", 8), ("run", 3), ("A", 52), ("B", 52)];
    let mut report = Report::new(format!("Calls whose wire is cut for {seconds} s"), &columns);
    let turns = cli.turn_kinds(TurnChoice::Embedded);
    let runs = turns.iter().flat_map(|turn| (0..cli.runs.unwrap_or(1)).map(|run| (*turn, run)));
    let trials = runs.zip(0..).map(|((turn, run), number)| async move {
        (turn, run, trial(cli, stage, turn, number, outage).await)
    });
    several(cli.jobs, trials, |(turn, run, outcome)| {
        let mut cells = vec![turn.to_string(), (run + 1).to_string()];
        match outcome {
            Ok(Outcome { seen, fault }) => {
                cells.extend(seen);
                report.add(cells, fault);
            }
            Err(error) => report.add(cells, Some(error.to_string())),
        }
    })
    .await;
    report.finish(&stage.work, "outage")
}

async fn trial(
    cli: &Cli,
    stage: &Stage,
    turn: TurnKind,
    number: u32,
    outage: Duration,
) -> Result<Outcome, Error> {
    let plan = Plan::alike(number, NatKind::PortRestricted, cli.impairment());
    let scene = Scene::set(stage, &plan, &format!("{number:02}"), turn, true).await?;
    let mut call = scene.call("call", &Wishes::default()).await?;
    call.connected().await?;
    tokio::time::sleep(BEFORE).await;
    let [caller, _] = &scene.lab.hosts;
    caller.link.cut(true);
    let cut = Instant::now();
    let noticed = noticed(&mut call).await?;
    if outage < RECONNECT {
        tokio::time::sleep_until((cut + outage).into()).await;
        caller.link.cut(false);
        comes_back(&scene, &mut call, cut).await
    } else {
        ends(&mut call, cut, noticed).await
    }
}

/// When each noticed that the connection is lost.
async fn noticed(call: &mut Call) -> Result<[Instant; 2], Error> {
    let [alice, bob] = &mut call.clients;
    let lost = |what: &Happening| matches!(what, Happening::Reconnecting { .. }).then_some(());
    let (at_a, ()) = alice.wait_for("RECONNECTING", NOTICED, lost).await?;
    let (at_b, ()) = bob.wait_for("RECONNECTING", NOTICED, lost).await?;
    Ok([at_a, at_b])
}

/// Below 30 s: both are CONNECTED again, and media come again.
async fn comes_back(scene: &Scene<'_>, call: &mut Call, cut: Instant) -> Result<Outcome, Error> {
    let plugged = Instant::now();
    let mut back = Vec::new();
    for client in &mut call.clients {
        let first = client.journal().len();
        let restored = |what: &Happening| matches!(what, Happening::Restored { .. }).then_some(());
        let (at, ()) = client.wait_from(first, "CONNECTED again", BACK, restored).await?;
        back.push(at.saturating_duration_since(plugged));
    }
    tokio::time::sleep(AFTER).await;
    let gaps = scene.media_gaps(cut - BEFORE / 2)?;
    let down = plugged - cut;
    let missing = gaps.iter().any(|gap| *gap > down + BACK);
    let fault = match call.hang_up().await {
        Some(fault) => Some(fault),
        None => missing.then(|| "media did not come again".to_owned()),
    };
    let mut seen = back.iter().zip(gaps).map(|(back, gap)| {
        let (back, gap) = (back.as_millis(), gap.as_millis());
        format!("back {back} ms after the wire, no media for {gap} ms")
    });
    let mut next = || seen.next().unwrap_or_default();
    Ok(Outcome { seen: [next(), next()], fault })
}

/// 30 s and more: both give up, in time and with the reason.
async fn ends(call: &mut Call, cut: Instant, noticed: [Instant; 2]) -> Result<Outcome, Error> {
    let mut seen = Vec::new();
    let mut faults = Vec::new();
    for (client, noticed) in call.clients.iter_mut().zip(noticed) {
        let (reason, tried) = gave_up(client, noticed).await?;
        let after = (noticed - cut).as_millis();
        seen.push(format!(
            "noticed after {after} ms, ended {} ms later: {reason}",
            tried.as_millis()
        ));
        if tried.abs_diff(RECONNECT) > EXACTLY {
            faults.push(format!("gave up after {} ms", tried.as_millis()));
        }
        if !reason.to_lowercase().contains("connection lost") {
            faults.push(format!("the reason is \"{reason}\", not a lost connection"));
        }
    }
    let ends = call.end().await;
    if ends.iter().any(|end| end != NO_CONNECTION) {
        faults.push(format!("the programs ended with {}", ends.join(" and ")));
    }
    let fault = (!faults.is_empty()).then(|| faults.join("; "));
    let mut seen = seen.into_iter();
    let mut next = || seen.next().unwrap_or_default();
    Ok(Outcome { seen: [next(), next()], fault })
}

/// The reason it gave, and how long it had tried.
async fn gave_up(client: &mut Client, noticed: Instant) -> Result<(String, Duration), Error> {
    let within = RECONNECT + NOTICED;
    let reason = |what: &Happening| match what {
        Happening::State { state, reason } if state == "DISCONNECTED" => {
            Some(reason.clone().unwrap_or_default())
        }
        _ => None,
    };
    let (at, reason) = client.wait_for("DISCONNECTED", within, reason).await?;
    Ok((reason, at - noticed))
}
