//! Inputs that broke other stacks, run against crates of crates.io and against ours.
//!
//! Every run is a child process of its own, with a limit on its time and its memory: a crash, an endless loop or a flood of
//! allocations is an outcome, not the end of the table. The same input and the same judgement for everybody.
#![allow(clippy::print_stdout, clippy::print_stderr)] // A command-line tool talks.

mod case;
mod cases;
mod child;
mod outcome;
mod page;
mod recipes;
mod subject;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

/// Inputs that broke other stacks, run against crates of crates.io and against ours.
#[derive(Parser)]
struct Cli {
    /// Only cases whose id contains this.
    #[arg(long, default_value = "")]
    only: String,
    /// Check that every case of DIR/regressions/inputs.json is run here, and that its bytes are ours.
    #[arg(long, value_name = "DIR")]
    vectors: Option<PathBuf>,
    /// Write the outcomes to this file, as JSON.
    #[arg(long, value_name = "OUT")]
    json: Option<PathBuf>,
    /// Write the table into docs/comparison.md.
    #[arg(long)]
    write: bool,
    /// Fail unless docs/comparison.md has this table.
    #[arg(long)]
    check: bool,
    /// Run one case against one subject, in this process.
    #[arg(long, hide = true, num_args = 2, value_names = ["CASE", "SUBJECT"])]
    child: Option<Vec<String>>,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Some([case, subject]) = cli.child.as_deref() {
        return child::run_here(case, subject);
    }
    match run(&cli) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::from(2)
        }
    }
}

/// Whether ours held everywhere.
fn run(cli: &Cli) -> Result<bool, String> {
    if let Some(vectors) = &cli.vectors {
        recipes::check(vectors)?;
    }
    let all = cases::all();
    let chosen = all.iter().filter(|case| case.id.contains(&cli.only));
    let rows: Vec<_> = chosen.map(table::Row::run).collect();
    table::print(&rows);
    if let Some(path) = &cli.json {
        table::write_json(&rows, path)?;
    }
    if cli.write {
        page::write(&rows)?;
    }
    if cli.check {
        page::check(&rows)?;
    }
    Ok(rows.iter().all(table::Row::ours_held))
}
