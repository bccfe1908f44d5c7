//! Every kind of NAT with every other one.

mod grid;

use std::time::Duration;

use self::grid::Grid;
use super::several;
use crate::cli::{Cli, TurnChoice};
use crate::error::Error;
use crate::nat::NatKind;
use crate::report::Report;
use crate::scene::{Scene, Stage, Wishes};
use crate::servers::TurnKind;
use crate::speech::HEARD;
use crate::theory::{Expectation, expect};
use crate::topology::{Families, Plan, Site};

/// How long both talk: more than what is compared of the speech.
const TALK: Duration = Duration::from_secs(6);

/// One call.
#[derive(Clone, Copy)]
struct Trial {
    number: u32,
    sites: [Site; 2],
    turn: TurnKind,
}

/// What became of it.
struct Outcome {
    setup: Duration,
    paths: [String; 2],
    heard: [f64; 2],
    bad_end: Option<String>,
}

pub(super) async fn run(cli: &Cli, stage: &Stage) -> Result<bool, Error> {
    let pairs = if cli.pairs.is_empty() { all_pairs() } else { cli.pairs.clone() };
    let trials = cli
        .turn_kinds(TurnChoice::Both)
        .iter()
        .flat_map(|turn| pairs.iter().map(|sites| (*turn, *sites)))
        .zip(0..)
        .map(|((turn, sites), number)| Trial { number, sites, turn });
    let mut report = Report::new(
        "Calls through NATs",
        &[
            ("TURN", 8),
            ("A", 18),
            ("B", 18),
            ("path of A", 16),
            ("path of B", 16),
            ("set-up", 8),
            ("heard", 11),
            ("why", 0),
        ],
    );
    let kinds = cli.turn_kinds(TurnChoice::Both);
    let mut grids: Vec<_> = kinds.iter().map(|turn| Grid::new(*turn)).collect();
    let calls = trials.map(|trial| async move { (trial, trial.run(cli, stage).await) });
    several(cli.jobs, calls, |(trial, outcome)| {
        if let Ok(outcome) = &outcome {
            grids.iter_mut().for_each(|grid| grid.note(trial.turn, trial.sites, outcome.brief()));
        }
        let (cells, cause) = trial.judge(outcome, cli.loss == 0.0);
        report.add_at(trial.number as usize, cells, cause);
    })
    .await;
    grids.iter().filter_map(Grid::lines).for_each(|lines| report.note(lines));
    report.finish(&stage.work, "matrix")
}

/// The 25 pairs of NATs, and those in which IPv6 has a part.
fn all_pairs() -> Vec<[Site; 2]> {
    let v4 = |nat| Site { nat, families: Families::V4 };
    let nats = NatKind::ALL.into_iter().flat_map(|a| NatKind::ALL.map(|b| [v4(a), v4(b)]));
    let port_restricted = v4(NatKind::PortRestricted);
    nats.chain([
        [Site::IPV6, Site::IPV6],
        [Site::DUAL, Site::DUAL],
        [Site::IPV6, Site::DUAL],
        [Site::DUAL, port_restricted],
        [Site::IPV6, port_restricted],
    ])
    .collect()
}

impl Trial {
    async fn run(self, cli: &Cli, stage: &Stage) -> Result<Outcome, Error> {
        let Self { number, sites, turn } = self;
        let plan = Plan { number, sites, together: false, impairment: cli.impairment() };
        let scene = Scene::set(stage, &plan, &format!("{number:02}"), turn, true).await?;
        let mut call = scene.call("call", &Wishes::default()).await?;
        let setup = call.connected().await?;
        tokio::time::sleep(TALK).await;
        let paths = call.paths();
        let bad_end = call.hang_up().await;
        let heard = scene.heard(&call).await?;
        Ok(Outcome { setup, paths, heard, bad_end })
    }

    /// The row, and why it failed. Without losses what was heard must be what was said.
    fn judge(
        self,
        outcome: Result<Outcome, Error>,
        lossless: bool,
    ) -> (Vec<String>, Option<String>) {
        let [a, b] = self.sites;
        let wanted = expect(a, b);
        let mut cells = vec![self.turn.to_string(), a.to_string(), b.to_string()];
        match outcome {
            Ok(outcome) => {
                let [path_a, path_b] = &outcome.paths;
                let [heard_a, heard_b] = outcome.heard;
                cells.extend([path_a.clone(), path_b.clone()]);
                cells.push(format!("{} ms", outcome.setup.as_millis()));
                cells.push(format!("{heard_a:.2} {heard_b:.2}"));
                cells.push(wanted.why.to_owned());
                (cells, outcome.fault(wanted, lossless))
            }
            Err(error) => {
                cells.extend(["", "", "", "", wanted.why].map(str::to_owned));
                (cells, Some(error.to_string()))
            }
        }
    }
}

impl Outcome {
    /// Set-up time and path, in few characters.
    fn brief(&self) -> String {
        let [a, b] = self.paths.each_ref().map(|path| match path.as_str() {
            "server-reflexive" => "srflx",
            other => other.strip_prefix("relay/").unwrap_or(other),
        });
        let paths = if a == b { a.to_owned() } else { format!("{a}-{b}") };
        format!("{} ms {paths}", self.setup.as_millis())
    }

    fn fault(&self, wanted: Expectation, lossless: bool) -> Option<String> {
        let [a, b] = wanted.paths;
        if self.paths != [a.name(), b.name()] {
            return Some(format!("theory wants {a} for A and {b} for B"));
        }
        if self.heard.iter().any(|heard| *heard <= 0.0 || lossless && *heard < HEARD) {
            return Some(format!("what was heard should correlate with what was said by {HEARD}"));
        }
        self.bad_end.clone()
    }
}
