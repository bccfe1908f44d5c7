//! The table's place in docs/comparison.md, between two marks.

use std::fmt::Write as _;
use std::path::PathBuf;

use crate::subject::Subject;
use crate::table::Row;

const BEGIN: &str = "<!-- begin: written by `cargo xtask interop --peer crates --write` -->\n";
const END: &str = "<!-- end -->\n";

/// Puts the table into the page.
pub(crate) fn write(rows: &[Row<'_>]) -> Result<(), String> {
    let page = with_table(rows)?;
    std::fs::write(path(), page).map_err(|error| format!("{}: {error}", path().display()))?;
    println!("wrote {}", path().display());
    Ok(())
}

/// Fails unless the page has this table already.
pub(crate) fn check(rows: &[Row<'_>]) -> Result<(), String> {
    if with_table(rows)? == read()? {
        Ok(())
    } else {
        Err(format!("{} has another table; run with --write", path().display()))
    }
}

fn path() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "..", "docs", "comparison.md"].iter().collect()
}

fn read() -> Result<String, String> {
    std::fs::read_to_string(path()).map_err(|error| format!("{}: {error}", path().display()))
}

fn with_table(rows: &[Row<'_>]) -> Result<String, String> {
    let page = read()?;
    let (before, rest) = page.split_once(BEGIN).ok_or("the page has no mark where to begin")?;
    let (_, after) = rest.split_once(END).ok_or("the page has no mark where to end")?;
    Ok(format!("{before}{BEGIN}{}{END}{after}", table(rows)))
}

fn table(rows: &[Row<'_>]) -> String {
    let mut out = String::from("\n| Input | Known from | Who | Outcome |\n|---|---|---|---|\n");
    for row in rows {
        for (index, (subject, outcome)) in row.outcomes.iter().enumerate() {
            let case = row.case;
            let (input, source) = match index {
                0 => (format!("`{}`: {}", case.id, case.what), case.source),
                _ => (String::new(), ""),
            };
            let who = if *subject == Subject::Ours { "**ours**" } else { &subject.title() };
            // Writing to a string does not fail.
            let _ = writeln!(out, "| {input} | {source} | {who} | {outcome} |");
        }
    }
    out.push('\n');
    out
}
