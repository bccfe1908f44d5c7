//! Runs conformance vectors through the layers. `cargo xtask conformance` starts it.
//!
//! An adapter for each operation turns a case's input into a value, a rejection or "unsupported"; it
//! does not see what is expected. Every case runs under a panic guard and a time limit. With `--break`
//! every expected value is spoilt, one leaf at a time, and every case must then fail: it shows that
//! answers are compared.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, clippy::print_stderr)] // A command-line tool talks.
#![allow(clippy::indexing_slicing)] // Nothing here comes from the network.

mod case;
mod floor;
mod guard;
mod judge;
mod layers;
mod load;
mod load_raw;
mod load_wycheproof;
mod passive;
mod report;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

use case::{Case, Refusal, Suite};
use floor::Floor;
use judge::Verdict;
use report::Row;

/// Run conformance vectors: the repository's own, and those of other folders.
#[derive(Parser)]
#[command(bin_name = "cargo xtask conformance")]
struct Options {
    /// Only this layer's suites.
    #[arg(long)]
    layer: Option<String>,
    /// Another folder of vectors; may be given more than once.
    #[arg(long, value_name = "DIR")]
    vectors: Vec<PathBuf>,
    /// Write the results there as JSON.
    #[arg(long, value_name = "OUT")]
    json: Option<PathBuf>,
    /// Spoil every expected value: each of them must make its case fail. Ends with 1, as failures do,
    /// or with 2 if a case passed all the same.
    #[arg(long = "break")]
    spoil: bool,
    /// Write what has passed into tests/conformance-floor.json, where it is more than stands there.
    #[arg(long, conflicts_with = "spoil")]
    raise_floor: bool,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(code) => code,
        Err(what) => {
            eprintln!("error: {what}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<ExitCode, String> {
    guard::silence_panics();
    let suites = suites(options)?;
    let rows: Vec<_> = suites.iter().map(|suite| row(suite, options.spoil)).collect();
    report::print(&rows);
    report::print_unsupported(&rows);
    if let Some(path) = &options.json {
        let text = format!("{:#}\n", report::to_json(&rows));
        std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    let sound = if options.spoil { spoilt(&suites, &rows) } else { kept(options, &rows)? };
    let [passed, failed, skipped] = report::totals(&rows);
    println!("\n{passed} passed, {failed} failed, {skipped} skipped");
    Ok(match (sound, failed) {
        (true, 0) => ExitCode::SUCCESS,
        (false, _) if options.spoil => ExitCode::from(2),
        _ => ExitCode::FAILURE,
    })
}

/// Whether every total adds up and every suite reaches its floor; says what does not.
fn kept(options: &Options, rows: &[Row]) -> Result<bool, String> {
    println!();
    report::print_failures(rows);
    let mut sound = true;
    for row in rows.iter().filter(|row| !row.is_complete()) {
        println!("INCOMPLETE {} {}: not every case came to an end", row.layer, row.suite);
        sound = false;
    }
    let floor = Floor::read()?;
    for (suite, passed, floor) in floor.missed(rows, options.layer.as_deref()) {
        println!("BELOW THE FLOOR {suite}: {passed} passed, {floor} did before");
        sound = false;
    }
    if options.raise_floor {
        floor.raise(rows)?;
    }
    Ok(sound)
}

/// Whether nothing passed although its expectation was spoilt; says what did.
fn spoilt(suites: &[Suite], rows: &[Row]) -> bool {
    let flipped = rows.iter().map(|row| row.failed.len()).sum::<usize>();
    let stayed = rows.iter().map(|row| row.passed).sum::<usize>();
    for (suite, row) in suites.iter().zip(rows).filter(|(_, row)| row.passed > 0) {
        println!(
            "NOT COMPARED {}: {} cases pass with a wrong expectation",
            suite.key(),
            row.passed
        );
    }
    println!("\n--break: {flipped} cases failed as they should, {stayed} did not");
    stayed == 0
}

fn suites(options: &Options) -> Result<Vec<Suite>, String> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    let mut suites = Vec::new();
    for folder in std::iter::once(&own).chain(&options.vectors) {
        suites.extend(load::folder(folder)?);
    }
    if let Some(layer) = &options.layer {
        suites.retain(|suite| suite.layer == *layer);
        if suites.is_empty() {
            return Err(format!("no vectors for a layer `{layer}`"));
        }
    }
    Ok(suites)
}

fn row(suite: &Suite, spoil: bool) -> Row {
    let mut row = Row::new(suite);
    for case in &suite.cases {
        let answer = match layers::adapter(&suite.layer, &case.op) {
            Ok(adapter) => guard::run(adapter, case),
            Err(reason) => Err(Refusal::Unsupported(reason)),
        };
        let verdict = judge::judge(case, &answer);
        row.add(&case.id, if spoil { spoil_verdict(case, &answer, verdict) } else { verdict });
    }
    row
}

/// A case fails under `--break` if each of its spoilt forms does.
fn spoil_verdict(case: &Case, answer: &case::Answer, verdict: Verdict) -> Verdict {
    if let Verdict::Skipped(_) = verdict {
        return verdict;
    }
    let spoilt = judge::spoilt(case);
    if spoilt.is_empty() {
        return Verdict::Skipped("any answer will do: there is no expectation to spoil");
    }
    let fails = |case: &Case| matches!(judge::judge(case, answer), Verdict::Failed(_));
    if spoilt.iter().all(fails) {
        Verdict::Failed("as it should".to_owned())
    } else {
        Verdict::Passed
    }
}
